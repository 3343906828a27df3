"""Pages of what visits need."""

from django.urls import path

from . import views

app_name = "op-support"
urlpatterns = [
    path("outpatients/support/", views.coming, name="coming"),
    path("outpatients/support/<int:key>/", views.visit, name="visit"),
]
