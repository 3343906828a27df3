from django.urls import path

from . import views

app_name = "rosters"
urlpatterns = [
    path("cover/hours/", views.hours, name="hours"),
    path("cover/rosters/", views.listed, name="list"),
    path("cover/rosters/<int:key>/", views.one, name="one"),
]
