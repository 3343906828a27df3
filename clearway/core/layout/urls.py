from django.urls import path

from . import views

app_name = "layout"
urlpatterns = [path("theme/", views.theme, name="theme")]
