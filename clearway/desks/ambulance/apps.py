from django.apps import AppConfig


class AmbulanceConfig(AppConfig):
    name = "clearway.desks.ambulance"
    label = "ambulance"

    def ready(self) -> None:
        """Add this desk's numbers to the picture that goes with every decision, and its board for walls."""
        from clearway.core.decisions import snapshots
        from clearway.core.screens import boards

        from .handovers import walls
        from .handovers.picture import picture

        snapshots.register("handovers", picture)
        boards.register("handovers", walls.BOARD)
