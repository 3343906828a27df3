"""Every address of the desks. Each part keeps its own; every view names the permission it needs."""

from django.urls import include, path

urlpatterns = [
    path("", include("clearway.core.people.urls")),
    path("", include("clearway.core.worklist.urls")),
    path("", include("clearway.core.decisions.urls")),
    path("", include("clearway.core.audit.urls")),
    path("", include("clearway.core.organisation.urls")),
    path("", include("clearway.desks.ambulance.incidents.urls")),
    path("", include("clearway.core.layout.urls")),
    path("", include("clearway.desks.ambulance.handovers.urls")),
    path("", include("clearway.desks.ambulance.liaison.urls")),
    path("", include("clearway.desks.ambulance.destinations.urls")),
    path("", include("clearway.desks.ambulance.advice.urls")),
    path("", include("clearway.desks.ambulance.resources.urls")),
    path("", include("clearway.desks.ambulance.forecast.urls")),
    path("", include("clearway.desks.ambulance.regionmap.urls")),
    path("", include("clearway.desks.ambulance.diverts.urls")),
    path("", include("clearway.desks.ambulance.travel.urls")),
    path("", include("clearway.desks.ambulance.quality.urls")),
    path("", include("clearway.desks.outpatients.today.urls")),
    path("", include("clearway.desks.outpatients.patients.urls")),
    path("", include("clearway.desks.outpatients.intake.urls")),
    path("", include("clearway.desks.outpatients.referrals.urls")),
    path("", include("clearway.desks.outpatients.clocks.urls")),
    path("", include("clearway.desks.outpatients.waiting.urls")),
    path("", include("clearway.desks.outpatients.outcomes.urls")),
    path("", include("clearway.desks.outpatients.reception.urls")),
    path("", include("clearway.desks.outpatients.support.urls")),
    path("", include("clearway.desks.outpatients.enquiries.urls")),
    path("", include("clearway.desks.outpatients.upkeep.urls")),
    path("", include("clearway.desks.outpatients.loans.urls")),
    path("", include("clearway.desks.outpatients.records.urls")),
    path("", include("clearway.desks.outpatients.recurring.urls")),
    path("", include("clearway.desks.outpatients.cover.urls")),
    path("", include("clearway.desks.outpatients.supervision.urls")),
    path("", include("clearway.desks.outpatients.filing.urls")),
    path("", include("clearway.desks.outpatients.reports.urls")),
    path("", include("clearway.desks.outpatients.office.urls")),
    path("", include("clearway.desks.outpatients.booking.urls")),
    path("", include("clearway.desks.outpatients.recycling.urls")),
    path("", include("clearway.desks.outpatients.reminders.urls")),
    path("", include("clearway.desks.outpatients.attendance.urls")),
    path("", include("clearway.desks.outpatients.conversations.urls")),
    path("", include("clearway.desks.outpatients.performance.urls")),
    path("", include("clearway.desks.outpatients.trials.urls")),
    path("", include("clearway.desks.outpatients.replanning.urls")),
    path("", include("clearway.desks.outpatients.clinics.urls")),
    path("", include("clearway.desks.outpatients.letters.urls")),
    path("", include("clearway.gateway.page_urls")),
]

handler403 = "clearway.core.people.views.refused"
handler404 = "clearway.core.layout.trouble.not_found"
handler400 = "clearway.core.layout.trouble.not_understood"
handler500 = "clearway.core.layout.trouble.failed"
