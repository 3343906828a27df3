from django.urls import path

from . import views

app_name = "op-directory"
urlpatterns = [
    path("outpatients/directory/", views.search, name="search"),
    path("outpatients/directory/checks/", views.checks, name="checks"),
    path("outpatients/directory/<slug:practice>/", views.organisation, name="organisation"),
]
