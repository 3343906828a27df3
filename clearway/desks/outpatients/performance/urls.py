from django.urls import path

from . import views

app_name = "op-performance"
urlpatterns = [
    path("outpatients/performance/", views.overview, name="overview"),
    path("outpatients/performance/figures.csv", views.as_csv, name="csv"),
    path("outpatients/performance/figures.xlsx", views.as_workbook, name="xlsx"),
    path("outpatients/performance/definitions/", views.definitions, name="definitions"),
    path("outpatients/performance/<slug:code>/", views.indicator, name="indicator"),
]
