from django.urls import path

from . import asking_views, check_views, inviting_views, pack_views, views

app_name = "op-waiting"
urlpatterns = [
    path("outpatients/list/", views.ptl, name="list"),
    path("outpatients/list/<int:key>/", views.entry, name="entry"),
    path("outpatients/validation/", check_views.validation, name="validation"),
    path("outpatients/validation/take/", check_views.take, name="take"),
    path("outpatients/validation/<int:key>/explain/", check_views.explain, name="explain"),
    path("outpatients/asking/", asking_views.asking, name="asking"),
    path("outpatients/asking/prepare/", asking_views.prepare, name="prepare"),
    path("outpatients/asking/<int:key>/answer/", asking_views.answer, name="answer"),
    path("outpatients/asking/to-send/", asking_views.to_send, name="to-send"),
    path("outpatients/validation/packs/", pack_views.packs, name="packs"),
    path("outpatients/validation/packs/<int:key>/", pack_views.pack, name="pack"),
    path("outpatients/validation/packs/<int:key>/rows.csv", pack_views.pack_csv, name="pack-csv"),
    path("outpatients/partial/", inviting_views.partial, name="partial"),
    path("outpatients/partial/invite/", inviting_views.invite, name="invite"),
    path("outpatients/capacity/", check_views.capacity, name="capacity"),
]
