"""The addresses of signing in through the provider."""

from django.urls import path

from . import views

app_name = "openid"
urlpatterns = [
    path("", views.begin, name="begin"),
    path("back/", views.come_back, name="back"),
    path("keys/", views.keys, name="keys"),
    path("logout/", views.logout, name="logout"),
    path("gone/", views.gone, name="gone"),
]
