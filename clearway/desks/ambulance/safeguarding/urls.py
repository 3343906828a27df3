from django.urls import path

from . import views

app_name = "safeguarding"
urlpatterns = [
    path("safeguarding/", views.listed, name="list"),
    path("safeguarding/new/", views.new, name="new"),
    path("safeguarding/<int:key>/", views.one, name="one"),
    path("safeguarding/<int:key>/look/", views.look, name="look"),
    path("safeguarding/<int:key>/take/", views.take, name="take"),
]
