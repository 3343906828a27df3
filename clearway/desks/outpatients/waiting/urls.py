from django.urls import path

from . import views

app_name = "op-waiting"
urlpatterns = [
    path("outpatients/list/", views.ptl, name="list"),
    path("outpatients/list/<int:key>/", views.entry, name="entry"),
]
