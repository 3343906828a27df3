from django.urls import path

from . import views

app_name = "op-clocks"
urlpatterns = [path("outpatients/pathways/<int:key>/", views.pathway, name="pathway")]
