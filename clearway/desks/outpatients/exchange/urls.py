from django.urls import path

from . import views

app_name = "op-exchange"
urlpatterns = [path("outpatients/exchange/", views.exchange, name="exchange")]
