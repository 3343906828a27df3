"""The addresses of the ingest process."""

from django.urls import path

from . import views

urlpatterns = [path("feeds/<slug:kind>/<slug:source>", views.deliver, name="deliver")]
