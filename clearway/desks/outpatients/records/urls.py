from django.urls import path

from . import rectification_views, views

app_name = "op-records"
urlpatterns = [
    path("outpatients/office/records/", views.requests, name="requests"),
    path("outpatients/office/records/new/", views.take, name="take"),
    path("outpatients/office/records/<int:key>/", views.one, name="request"),
    path(
        "outpatients/office/records/corrections/", rectification_views.rectifications, name="rectifications"
    ),
    path("outpatients/office/records/corrections/new/", rectification_views.rectify, name="rectify"),
    path(
        "outpatients/office/records/corrections/<int:key>/",
        rectification_views.rectification,
        name="rectification",
    ),
    path("outpatients/office/records/packs/<int:key>/", views.download, name="download"),
]
