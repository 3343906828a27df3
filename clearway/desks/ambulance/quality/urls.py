from django.urls import path

from . import month_views, views

app_name = "quality"
urlpatterns = [
    path("quality/", views.findings, name="findings"),
    path("quality/validation/", views.validation, name="validation"),
    path("quality/hospital/", views.hospital, name="hospital"),
    path("quality/hospital/<int:key>/", views.answer, name="answer"),
    path("quality/months/", month_views.months_list, name="months"),
    path("quality/months/<int:year>-<int:number>/", month_views.month, name="month"),
    path("quality/patterns/", month_views.patterns, name="patterns"),
    path("quality/<int:key>/", views.finding, name="finding"),
]
