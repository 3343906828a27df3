from django.urls import path

from . import views

app_name = "op-outcomes"
urlpatterns = [
    path("outpatients/outcomes/", views.clinics, name="clinics"),
    path("outpatients/outcomes/<int:key>/", views.sheet, name="sheet"),
    path("outpatients/outcomes/take-back/<int:key>/", views.take_back, name="take_back"),
    path("outpatients/outcomes/on-request/", views.on_request, name="on_request"),
    path("outpatients/outcomes/on-request/<int:key>/", views.requested, name="requested"),
    path("outpatients/outcomes/missed/", views.misses, name="misses"),
    path("outpatients/outcomes/missed/<int:key>/", views.miss, name="miss"),
    path("outpatients/outcomes/missed/<int:key>/decide/", views.decide, name="decide"),
]
