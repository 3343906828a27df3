from django.urls import path

from . import views

app_name = "op-records"
urlpatterns = [
    path("outpatients/office/records/", views.requests, name="requests"),
    path("outpatients/office/records/new/", views.take, name="take"),
    path("outpatients/office/records/<int:key>/", views.one, name="request"),
    path("outpatients/office/records/packs/<int:key>/", views.download, name="download"),
]
