from django.urls import path

from . import views

app_name = "destinations"
urlpatterns = [
    path("destinations/confirm/", views.confirm, name="confirm"),
    path("destinations/confirm/<str:name>/", views.answer, name="answer"),
]
