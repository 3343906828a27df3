from django.urls import path

from . import views

app_name = "pressure"
urlpatterns = [
    path("pressure/", views.listed, name="list"),
    path("pressure/level/<str:name>/", views.ladder, name="ladder"),
    path("pressure/action/<int:key>/", views.card, name="card"),
    path("pressure/hospital/<str:code>/", views.hospital, name="hospital"),
]
