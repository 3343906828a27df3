from django.urls import path

from . import views

app_name = "handovers"
urlpatterns = [
    path("handovers/", views.board, name="board"),
    path("handovers/<slug:code>/", views.hospital, name="hospital"),
    path("handovers/<slug:code>/mark/", views.mark, name="mark"),
    path("wallboard/", views.wallboard, name="wallboard"),
]
