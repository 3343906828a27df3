from django.urls import path

from . import views

app_name = "unavailability"
urlpatterns = [
    path("unavailable/", views.listed, name="list"),
    path("unavailable/limits/", views.limits, name="limits"),
    path("unavailable/<int:key>/", views.one, name="one"),
]
