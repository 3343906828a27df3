from django.urls import path

from . import views

app_name = "op-reminders"
urlpatterns = [
    path("outpatients/reminders/", views.reminders, name="reminders"),
    path("outpatients/reminders/<int:key>/", views.rung, name="rung"),
]
