from django.urls import path

from . import views

app_name = "op-loans"
urlpatterns = [
    path("outpatients/office/loans/", views.loans, name="loans"),
    path("outpatients/office/loans/store/", views.store, name="store"),
    path("outpatients/office/loans/recall/", views.recall, name="recall"),
    path("outpatients/office/loans/<int:key>/", views.item, name="item"),
]
