from django.urls import path

from . import views

app_name = "op-recurring"
urlpatterns = [
    path("outpatients/office/duties/", views.register, name="register"),
    path("outpatients/office/duties/<int:key>/", views.duty, name="duty"),
]
