from django.apps import AppConfig


class OutpatientsConfig(AppConfig):
    name = "clearway.desks.outpatients"
    label = "outpatients"
