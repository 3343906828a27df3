from django.urls import path

from . import views

app_name = "op-clinics"
urlpatterns = [
    path("outpatients/diary/", views.diary, name="diary"),
    path("outpatients/clinics/", views.clinics, name="clinics"),
    path("outpatients/clinics/leave/", views.leave, name="leave"),
    path("outpatients/clinics/leave/<int:key>/", views.decide, name="decide"),
    path("outpatients/clinics/sessions/<int:key>/", views.session, name="session"),
    path("outpatients/clinics/new/", views.template, name="new"),
    path("outpatients/clinics/<slug:code>/", views.template, name="template"),
]
