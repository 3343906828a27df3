from django.urls import path

from . import views

app_name = "decisions"
urlpatterns = [
    path("decisions/", views.log, name="log"),
    path("decisions/export/", views.export, name="export"),
    path("decisions/new/", views.new, name="new"),
    path("decisions/<int:key>/", views.decision, name="decision"),
]
