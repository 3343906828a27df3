from django.urls import path

from . import views

app_name = "op-today"
urlpatterns = [path("outpatients/", views.today, name="today")]
