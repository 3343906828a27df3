from django.urls import path

from . import views

app_name = "forecast"
urlpatterns = [
    path("forecast/", views.board, name="board"),
    path("forecast/days/", views.days, name="days"),
]
