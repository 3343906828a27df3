from django.urls import path

from . import views

app_name = "coverage"
urlpatterns = [
    path("cover/", views.board, name="board"),
    path("cover/moves/accept/", views.accept, name="accept"),
    path("cover/moves/<int:key>/withdraw/", views.withdraw, name="withdraw"),
    path("cover/moves/<str:call_sign>/<str:place>/refuse/", views.refuse, name="refuse"),
]
