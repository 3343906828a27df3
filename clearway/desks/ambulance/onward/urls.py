from django.urls import path

from . import views

app_name = "onward"
urlpatterns = [
    path("onward/", views.sent, name="sent"),
    path("onward/new/", views.ask, name="ask"),
    path("onward/<int:key>/", views.one, name="request"),
]
