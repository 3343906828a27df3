from django.urls import path

from . import views

app_name = "op-trials"
urlpatterns = [
    path("outpatients/reminders/trials/", views.trials, name="trials"),
    path("outpatients/reminders/trials/<int:key>/", views.trial, name="trial"),
]
