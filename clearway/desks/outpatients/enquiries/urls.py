from django.urls import path

from . import views

app_name = "op-enquiries"
urlpatterns = [
    path("outpatients/office/enquiries/", views.enquiries, name="enquiries"),
    path("outpatients/office/enquiries/new/", views.take, name="take"),
    path("outpatients/office/enquiries/<int:key>/", views.enquiry, name="enquiry"),
    path("outpatients/office/messages/", views.messages_, name="messages"),
    path("outpatients/office/messages/<int:clinician>/", views.messages_of, name="messages-of"),
]
