from django.urls import path

from . import views

app_name = "op-patients"
urlpatterns = [
    path("outpatients/patients/", views.search, name="search"),
    path("outpatients/patients/new/", views.register, name="register"),
    path("outpatients/patients/<int:key>/", views.patient, name="patient"),
    path("outpatients/patients/<int:key>/edit/", views.edit, name="edit"),
    path("outpatients/patients/<int:key>/<slug:step>/", views.step, name="step"),
]
