from django.urls import path

from . import views

app_name = "op-attendance"
urlpatterns = [
    path("outpatients/attendance/", views.call_list, name="list"),
    path("outpatients/attendance/<int:key>/", views.rung, name="rung"),
    path("outpatients/attendance/<int:key>/aside/", views.aside, name="aside"),
    path("outpatients/attendance/models/", views.models, name="models"),
]
