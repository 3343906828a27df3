from django.urls import path

from . import views

app_name = "desk-messages"
urlpatterns = [
    path("messages/", views.listed, name="list"),
    path("messages/new/", views.new, name="new"),
    path("messages/<int:key>/answer/", views.answer, name="answer"),
]
