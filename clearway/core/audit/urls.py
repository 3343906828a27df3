from django.urls import path

from . import views

app_name = "audit"
urlpatterns = [
    path("audit/", views.audit, name="audit"),
    path("audit/looks/", views.looks, name="looks"),
    path("audit/looks/<int:key>/", views.look, name="look"),
]
