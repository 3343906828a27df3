from django.urls import path

from . import views

app_name = "incidents"
# A control room's own key may hold a slash.
urlpatterns = [
    path("incidents/<path:key>/identity/", views.look, name="look"),
    path("incidents/<path:key>/open/", views.open_patient, name="open"),
    path("incidents/<path:key>/", views.incident, name="incident"),
]
