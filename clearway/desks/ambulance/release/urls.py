from django.urls import path

from . import views

app_name = "release"
urlpatterns = [
    path("releases/", views.board, name="board"),
    path("releases/figures/", views.figures, name="figures"),
    path("releases/corrections/<int:key>/", views.correct, name="correct"),
    path("releases/at/<slug:code>/<slug:kind>/", views.record, name="record"),
]
