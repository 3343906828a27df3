from django.urls import path

from . import api, crews, views

app_name = "advice"
urlpatterns = [
    path("api/v1/advice", api.advice, name="api"),
    path("crew/<str:token>/", crews.page, name="crew-page"),
    path("destinations/", views.destinations, name="destinations"),
    path("advice/", views.board, name="board"),
    path("advice/together/", views.take_together, name="take-together"),
    path("advice/worth/", views.worth, name="worth"),
    path("advice/changed/<int:key>/", views.settle, name="settle"),
    path("advice/calls/<int:key>/", views.call_answered, name="call-answered"),
    path("advice/messages/<int:key>/read-back/", views.read_back, name="read-back"),
    path("advice/<str:call_sign>/", views.crew, name="crew"),
    path("advice/<str:call_sign>/take/", views.take, name="take"),
    path("advice/<str:call_sign>/ring/", views.ring, name="ring"),
    path("advice/<str:call_sign>/page/", views.give_page, name="give-page"),
    path("advice/<str:call_sign>/page/end/", views.end_page, name="end-page"),
]
