from django.urls import path

from . import views

app_name = "contacts"
urlpatterns = [
    path("contacts/", views.listed, name="list"),
    path("contacts/new/", views.new, name="new"),
]
