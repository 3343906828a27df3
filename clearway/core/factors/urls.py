from django.urls import path

from . import views

app_name = "factors"
urlpatterns = [
    path("sign-in/second-step/", views.second, name="second"),
    path("my-account/second-factor/", views.mine, name="mine"),
    path("my-account/second-factor/confirm/", views.confirm, name="confirm"),
    path("my-account/second-factor/app/", views.add_app, name="add-app"),
    path("my-account/second-factor/passkey/", views.add_passkey, name="add-passkey"),
    path("my-account/second-factor/codes/", views.new_codes, name="new-codes"),
    path("my-account/second-factor/<int:key>/remove/", views.remove, name="remove"),
    path("people/accounts/<str:username>/second-factor/reset/", views.reset, name="reset"),
]
