from django.urls import path

from . import views

app_name = "op-patients"
urlpatterns = [
    path("outpatients/patients/", views.search, name="search"),
    path("outpatients/patients/new/", views.register, name="register"),
    path("outpatients/patients/<int:patient>/", views.patient, name="patient"),
    path("outpatients/patients/<int:patient>/edit/", views.edit, name="edit"),
    path("outpatients/patients/<int:patient>/<slug:step>/", views.step, name="step"),
]
