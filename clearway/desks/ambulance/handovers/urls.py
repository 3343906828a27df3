from django.urls import path

from . import views

app_name = "handovers"
urlpatterns = [
    path("handovers/", views.board, name="board"),
    path("handovers/<slug:code>/", views.hospital, name="hospital"),
    path("wallboard/", views.wallboard, name="wallboard"),
]
