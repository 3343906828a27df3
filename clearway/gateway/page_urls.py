"""The addresses of the gateway's pages, served by the web process."""

from django.urls import include, path

from . import described, hl7_pages, notify, pages, referrals, regional, who_pages

app_name = "gateway"
urlpatterns = [
    path("fhir/R4/", include("clearway.gateway.fhir.urls")),
    path("api/v1/openapi.json", described.described, name="openapi"),
    path("api/v1/referrals", referrals.deliver, name="referrals"),
    path("api/v1/regional", regional.figures, name="regional"),
    path("api/v1/notify", notify.deliver, name="notify"),
    path("feeds/", pages.account, name="account"),
    path("feeds/quarantine/", pages.quarantine, name="quarantine"),
    path("feeds/quarantine/<int:row_id>/", pages.line, name="line"),
    path("feeds/quarantine/<int:row_id>/replay/", pages.replay, name="replay"),
    path("feeds/quarantine/<int:row_id>/settle/", pages.settle, name="settle"),
    path("feeds/quarantine/<int:row_id>/who/", who_pages.who, name="who"),
    path("feeds/quarantine/<int:row_id>/who/back/", who_pages.back, name="who-back"),
    path("feeds/<slug:source>/doctor/", hl7_pages.doctor, name="doctor"),
    path("feeds/<slug:source>/mapping/", hl7_pages.mapping, name="mapping"),
]
