from django.urls import path

from . import views

app_name = "op-filing"
urlpatterns = [
    path("outpatients/office/scans/", views.scans, name="scans"),
    path("outpatients/office/scans/<int:key>/", views.scan, name="scan"),
    path("outpatients/office/scans/<int:key>/copy/", views.copy, name="copy"),
    path("outpatients/office/notes/", views.notes, name="notes"),
    path("outpatients/office/notes/<int:key>/", views.volume, name="volume"),
    path("outpatients/filed/<int:patient>/", views.filed, name="filed"),
]
