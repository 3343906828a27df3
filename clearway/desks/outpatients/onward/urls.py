from django.urls import path

from . import views

app_name = "op-onward"
urlpatterns = [
    path("outpatients/onward/", views.come, name="come"),
    path("outpatients/onward/<int:key>/", views.one, name="request"),
    path("outpatients/onward/<int:key>/refuse/", views.refuse, name="refuse"),
    path("outpatients/onward/<int:key>/keep/", views.keep, name="keep"),
    path("outpatients/onward/<int:key>/slot/", views.hold, name="slot"),
]
