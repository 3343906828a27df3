from django.urls import path

from . import check_views, views

app_name = "op-waiting"
urlpatterns = [
    path("outpatients/list/", views.ptl, name="list"),
    path("outpatients/list/<int:key>/", views.entry, name="entry"),
    path("outpatients/validation/", check_views.validation, name="validation"),
    path("outpatients/partial/", check_views.partial, name="partial"),
    path("outpatients/capacity/", check_views.capacity, name="capacity"),
]
