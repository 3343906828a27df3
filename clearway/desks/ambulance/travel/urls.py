from django.urls import path

from . import views

app_name = "travel"
urlpatterns = [
    path("roads/", views.roads, name="roads"),
    path("roads/file/", views.take_file, name="file"),
    path("roads/<int:key>/end/", views.end, name="end"),
]
