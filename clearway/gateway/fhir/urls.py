"""The addresses of FHIR R4, served by the web process."""

from django.urls import path

from . import views

app_name = "fhir"
urlpatterns = [
    path("metadata", views.metadata, name="metadata"),
    path("openapi.json", views.described, name="openapi"),
    path("$process-message", views.process_message, name="process-message"),
    path("<str:kind>", views.kind, name="kind"),
    path("<str:kind>/<str:id>", views.resource, name="resource"),
    path("<path:rest>", views.nothing, name="nothing"),
    path("", views.nothing, name="root"),
]
