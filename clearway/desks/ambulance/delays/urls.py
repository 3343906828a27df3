from django.urls import path

from . import crews, views

app_name = "delays"
urlpatterns = [
    path("delays/", views.on_scene, name="board"),
    path("delays/reports/", views.reports, name="reports"),
    path("delays/wrap-up/", views.wrap_up, name="wrap-up"),
    path("delays/norms/", views.norms, name="norms"),
    path("delays/<int:key>/", views.one, name="one"),
    path("delays/crew/<str:call_sign>/", views.crew, name="crew"),
    path("delays/crew/<str:call_sign>/stack/", views.stack, name="stack"),
    path("delays/crew/<str:call_sign>/ask/", views.ask, name="ask"),
    path("crew/<str:token>/stack/", crews.stack, name="crew-stack"),
]
