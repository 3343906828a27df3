from django.urls import path

from . import views

app_name = "op-openings"
urlpatterns = [path("outpatients/openings/<int:patient>/", views.open_record, name="open")]
