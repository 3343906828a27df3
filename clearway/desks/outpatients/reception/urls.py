from django.urls import path

from . import views

app_name = "op-reception"
urlpatterns = [
    path("outpatients/reception/", views.arrivals, name="arrivals"),
    path("outpatients/reception/<int:key>/", views.check_in, name="check-in"),
]
