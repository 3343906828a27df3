from django.urls import path

from . import views

app_name = "recurring"
urlpatterns = [
    path("duties/", views.register, name="register"),
    path("duties/<int:key>/", views.duty, name="duty"),
]
