from django.urls import path

from . import views

app_name = "op-keeping"
urlpatterns = [
    path("outpatients/office/holds/", views.holds, name="holds"),
    path("outpatients/office/holds/new/", views.place, name="place"),
    path("outpatients/office/holds/<int:key>/", views.hold, name="hold"),
]
