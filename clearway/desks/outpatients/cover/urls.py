from django.urls import path

from . import views

app_name = "op-cover"
urlpatterns = [
    path("outpatients/office/cover/", views.cover, name="cover"),
    path("outpatients/office/cover/posts/", views.posts, name="posts"),
    path("outpatients/office/away/", views.away, name="away"),
    path("outpatients/office/away/<int:key>/", views.decide, name="decide"),
]
