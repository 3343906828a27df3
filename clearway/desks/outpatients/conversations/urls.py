from django.urls import path

from . import page, views

app_name = "op-conversations"
urlpatterns = [
    path("a/<str:token>/", page.page, name="page"),
    path("outpatients/conversations/", views.register, name="register"),
    path("outpatients/conversations/<int:key>/", views.conversation, name="conversation"),
]
