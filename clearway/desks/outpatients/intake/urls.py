from django.urls import path

from . import views

app_name = "op-intake"
urlpatterns = [
    path("outpatients/referrals/file/", views.give, name="give"),
    path("outpatients/referrals/file/<int:key>/", views.file, name="file"),
    path("outpatients/referrals/file/<int:key>/columns/", views.columns, name="columns"),
    path("outpatients/referrals/file/<int:key>/drop/", views.drop, name="drop"),
    path("outpatients/referrals/file/<int:key>/again/", views.again, name="again"),
    path("outpatients/referrals/file/<int:key>/refused.csv", views.refused, name="refused"),
]
