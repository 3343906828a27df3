from django.urls import path

from . import views

app_name = "barriers"
urlpatterns = [
    path("barriers/", views.listed, name="list"),
    path("barriers/enter/", views.enter, name="enter"),
    path("barriers/<int:key>/", views.one, name="one"),
]
