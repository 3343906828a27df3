from django.urls import path

from . import views

app_name = "op-upkeep"
urlpatterns = [
    path("outpatients/office/faults/", views.faults, name="faults"),
    path("outpatients/office/faults/new/", views.report, name="report"),
    path("outpatients/office/faults/<int:key>/", views.fault, name="fault"),
]
