from django.urls import path

from . import views

app_name = "op-booking"
urlpatterns = [
    path("outpatients/list/<int:key>/book/", views.book, name="book"),
    path("outpatients/appointments/<int:key>/", views.appointment, name="appointment"),
]
