from django.urls import path

from . import views

app_name = "downtime"
urlpatterns = [
    path("downtime/", views.board, name="board"),
    path("downtime/enter/", views.enter, name="enter"),
    path("downtime/preview/", views.preview, name="preview"),
    path("downtime/declare/", views.declare, name="declare"),
    path("downtime/end/", views.end, name="end"),
    path("downtime/forms/", views.paper, name="forms"),
    path("downtime/forms/print/", views.printed, name="print"),
    path("downtime/back-entry/", views.back_entry, name="back-entry"),
    path("downtime/reconcile/", views.reconcile, name="reconcile"),
    path("downtime/drills/", views.drills, name="drills"),
]
