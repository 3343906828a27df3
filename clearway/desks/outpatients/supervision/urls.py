from django.urls import path

from . import views

app_name = "op-supervision"
urlpatterns = [
    path("outpatients/office/work/", views.batches, name="batches"),
    path("outpatients/office/work/give/<slug:kind>/", views.give, name="give"),
    path("outpatients/office/work/<int:key>/", views.batch, name="batch"),
    path("outpatients/office/training/<int:user>/", views.training, name="training"),
]
