from django.urls import path

from . import views

app_name = "op-referrals"
urlpatterns = [
    path("outpatients/referrals/", views.ledger, name="ledger"),
    path("outpatients/referrals/new/", views.register, name="register"),
    path("outpatients/referrals/gaps/", views.gaps, name="gaps"),
    path("outpatients/referrals/gaps/<int:key>/ask/", views.ask, name="ask"),
    path("outpatients/referrals/<int:key>/", views.referral, name="referral"),
    path("outpatients/referrals/<int:key>/remove/", views.remove, name="remove"),
    path("outpatients/triage/", views.to_triage, name="triage"),
    path("outpatients/triage/<int:key>/", views.decide, name="decide"),
]
