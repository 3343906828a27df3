from django.urls import path

from . import views

app_name = "op-recycling"
urlpatterns = [
    path("outpatients/freed/", views.freed, name="freed"),
    path("outpatients/freed/figures/", views.figures, name="figures"),
    path("outpatients/freed/<int:key>/", views.slot, name="slot"),
    path("outpatients/freed/offers/<int:key>/", views.answer, name="answer"),
    path("outpatients/freed/offers/<int:key>/told/", views.told, name="told"),
]
