from django.urls import path

from . import views

app_name = "command"
urlpatterns = [
    path("sitreps/", views.sitreps, name="sitreps"),
    path("sitreps/make/", views.make_sitrep, name="make-sitrep"),
    path("sitreps/<int:number>/", views.sitrep, name="sitrep"),
    path("sitreps/<int:number>/text/", views.sitrep_text, name="sitrep-text"),
    path("sitreps/<int:number>/sitrep.pdf", views.sitrep_pdf, name="sitrep-pdf"),
    path("meeting-packs/", views.packs, name="packs"),
    path("meeting-packs/<int:number>/", views.pack, name="pack"),
    path("meeting-packs/<int:number>/text/", views.pack_text, name="pack-text"),
    path("meeting-packs/<int:number>/pack.pdf", views.pack_pdf, name="pack-pdf"),
    path("meeting-packs/<int:number>/pack.csv", views.pack_csv, name="pack-csv"),
    path("shift/", views.shift, name="shift"),
    path("shift/<int:number>/", views.sheet, name="sheet"),
    path("calls/", views.calls, name="calls"),
    path("calls/<int:number>/", views.call, name="call"),
    path("calls/<int:number>/minutes/", views.minutes_text, name="minutes-text"),
    path("calls/<int:number>/minutes.pdf", views.minutes_pdf, name="minutes-pdf"),
    path("methane/", views.major_incidents, name="major"),
    path("methane/<int:number>/", views.methane, name="methane"),
]
