from django.urls import path

from . import views

app_name = "op-replanning"
urlpatterns = [
    path("outpatients/cancelled-clinics/", views.register, name="register"),
    path("outpatients/cancelled-clinics/new/", views.new, name="new"),
    path("outpatients/cancelled-clinics/<int:key>/", views.replan, name="replan"),
    path("outpatients/cancelled-clinics/told/<int:key>/", views.answer, name="answer"),
]
