from django.urls import path

from . import views

app_name = "diverts"
urlpatterns = [
    path("diverts/", views.diverts, name="diverts"),
    path("diverts/new/", views.propose, name="propose"),
    path("diverts/<int:key>/", views.divert, name="divert"),
    path("diverts/<int:key>/agree/", views.agree, name="agree"),
    path("diverts/<int:key>/<slug:step>/", views.step, name="step"),
]
