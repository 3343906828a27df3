from django.urls import path

from . import views

app_name = "op-office"
urlpatterns = [path("outpatients/office/", views.office, name="office")]
