from django.urls import path

from . import views

app_name = "liaison"
urlpatterns = [
    path("hospitals/", views.reports, name="reports"),
    path("hospitals/<slug:code>/say/", views.say, name="say"),
]
