from django.apps import AppConfig


class AmbulanceConfig(AppConfig):
    name = "clearway.desks.ambulance"
    label = "ambulance"
