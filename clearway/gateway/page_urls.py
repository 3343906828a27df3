"""The addresses of the gateway's pages, served by the web process."""

from django.urls import include, path

from . import notify, pages, referrals

app_name = "gateway"
urlpatterns = [
    path("fhir/R4/", include("clearway.gateway.fhir.urls")),
    path("api/v1/referrals", referrals.deliver, name="referrals"),
    path("api/v1/notify", notify.deliver, name="notify"),
    path("feeds/", pages.account, name="account"),
    path("feeds/quarantine/", pages.quarantine, name="quarantine"),
    path("feeds/quarantine/<int:row_id>/", pages.line, name="line"),
    path("feeds/quarantine/<int:row_id>/replay/", pages.replay, name="replay"),
]
