from django.urls import path

from . import views

app_name = "op-reports"
urlpatterns = [
    path("outpatients/reports/", views.register, name="register"),
    path("outpatients/reports/<int:key>/", views.report, name="report"),
    path("outpatients/reports/sent/<int:key>/", views.sent, name="sent"),
    path("outpatients/reports/sent/<int:key>/figures.csv", views.sent_csv, name="sent-csv"),
    path("outpatients/reports/sent/<int:key>/figures.xlsx", views.sent_xlsx, name="sent-xlsx"),
    path("outpatients/reports/sent/<int:key>/report.pdf", views.sent_pdf, name="sent-pdf"),
]
