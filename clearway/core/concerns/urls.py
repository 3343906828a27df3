from django.urls import path

from . import views

app_name = "concerns"
urlpatterns = [
    path("concerns/", views.listed, name="list"),
    path("concerns/report/", views.report, name="report"),
    path("concerns/concerns.csv", views.as_csv, name="csv"),
    path("concerns/<int:key>/", views.concern, name="concern"),
]
