"""The addresses of the ingest process."""

from django.urls import path

from . import views

urlpatterns = [path("feeds/<slug:kind>/<slug:source>", views.deliver, name="deliver")]

handler404 = "clearway.gateway.trouble.no_delivery"
handler400 = "clearway.gateway.trouble.unreadable_delivery"
handler500 = "clearway.gateway.trouble.failed_delivery"
