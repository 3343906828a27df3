from django.apps import AppConfig


class AmbulanceConfig(AppConfig):
    name = "clearway.desks.ambulance"
    label = "ambulance"

    def ready(self) -> None:
        """Add this desk's numbers to the picture that goes with every decision."""
        from clearway.core.decisions import snapshots

        from .handovers.picture import picture

        snapshots.register("handovers", picture)
