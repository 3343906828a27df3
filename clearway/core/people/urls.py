from django.urls import include, path

from . import desk, views

people = [
    path("", desk.people, name="people"),
    path("acting-up/", desk.act_up, name="act-up"),
    path("roles/", desk.grant, name="grant"),
    path("roles/<int:key>/end/", desk.end_grant, name="end-grant"),
    path("accounts/<str:username>/enabled/", desk.set_enabled, name="set-enabled"),
    path("accounts/<str:username>/sessions/end/", desk.end_sessions, name="end-sessions"),
    path("on-call/", desk.on_call, name="on-call"),
    path("on-call/new/", desk.put_on_call, name="put-on-call"),
    path("on-call/<int:key>/end/", desk.end_on_call, name="end-on-call"),
]

urlpatterns = [
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("people/", include((people, "people"))),
]
