from django.urls import path

from . import views

app_name = "quality"
urlpatterns = [path("quality/", views.findings, name="findings")]
