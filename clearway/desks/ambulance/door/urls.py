from django.urls import path

from . import views

app_name = "door"
urlpatterns = [
    path("at/", views.choose, name="choose"),
    path("at/<slug:code>/", views.at, name="at"),
    path("at/<slug:code>/mark/", views.mark, name="mark"),
    path("at/<slug:code>/say/", views.say, name="say"),
    path("at/<slug:code>/relief/", views.relief, name="relief"),
]
