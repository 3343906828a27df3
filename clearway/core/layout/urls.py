from django.urls import path

from . import views

app_name = "layout"
urlpatterns = [
    path("", views.home, name="home"),
    path("theme/", views.theme, name="theme"),
    path("views/save/", views.save_view, name="save-view"),
    path("columns/", views.choose_columns, name="columns"),
    path("views/delete/", views.delete_view, name="delete-view"),
]
