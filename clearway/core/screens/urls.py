from django.urls import path

from . import desk, views

app_name = "screens"
urlpatterns = [
    path("screen/", views.screen, name="screen"),
    path("screen/state/", views.state, name="state"),
    path("screens/", desk.listed, name="list"),
    path("screens/new/", desk.put_up, name="put-up"),
    path("screens/<int:key>/take-off/", desk.take_off, name="take-off"),
]
