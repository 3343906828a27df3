from django.urls import path

from . import views

app_name = "breaks"
urlpatterns = [
    path("breaks/", views.board, name="board"),
    path("breaks/accept/", views.accept, name="accept"),
    path("breaks/<str:call_sign>/withdraw/", views.withdraw, name="withdraw"),
]
