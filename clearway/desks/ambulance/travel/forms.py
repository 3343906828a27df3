"""What is asked to enter a disruption: the kind and the place; all else has a usual answer."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import forms

from clearway.core.layout.fields import DeskForm, LocalInstant, words
from clearway.domain.ambulance.disruptions import DisruptionKind
from clearway.domain.shared.geography import Point

from . import actions, queries
from .queries import Usual

KINDS = {kind.value: kind.value.capitalize() for kind in DisruptionKind}

FAR_AWAY = "That is far from every hospital of this region. Latitude comes first: 51.02, -3.10"


class DisruptionForm(DeskForm):
    """One disruption. Radius, minutes and end that are left empty are the usual ones of the kind."""

    kind = forms.ChoiceField(choices=list(KINDS.items()), error_messages={"required": "Choose what it is"})
    place = words("Where", most=300, missing="Enter a place from the list, or a point such as 51.02, -3.10")
    radius_km = forms.FloatField(
        required=False,
        min_value=0.1,
        max_value=100,
        error_messages={
            "invalid": "Enter kilometres, for example 2",
            "min_value": "The radius is at least 0.1 km",
            "max_value": "The radius is at most 100 km",
        },
    )
    extra_minutes = forms.FloatField(
        required=False,
        min_value=0,
        max_value=600,
        error_messages={
            "invalid": "Enter minutes, for example 15",
            "min_value": "The extra time is at least 0 minutes",
            "max_value": "The extra time is at most 600 minutes",
        },
    )
    ends_at = LocalInstant(required=False)

    def __init__(
        self,
        data: Any = None,
        *,
        at: datetime,
        places: Mapping[str, Point],
        usual: Mapping[DisruptionKind, Usual],
    ) -> None:
        super().__init__(data, at=at)
        self.at, self.places, self.usual = at, places, usual

    def clean_place(self) -> str:
        place: str = self.cleaned_data["place"]
        if queries.find_place(place, self.places) is None:
            raise forms.ValidationError(
                "No place of that name is known. Pick one from the list, or enter a point: 51.02, -3.10"
            )
        return place

    def clean(self) -> dict[str, Any]:
        """A point far from every place of the region is a slip: the numbers the wrong way round."""
        given: dict[str, Any] = super().clean() or {}
        if not self.errors:
            wanted = self.entered()
            if not actions.is_ours(wanted.centre, wanted.radius_km, self.places.values()):
                self.add_error("place", FAR_AWAY)
        return given

    def entered(self) -> actions.Entered:
        """The disruption. Call when valid."""
        given = self.cleaned_data
        kind = DisruptionKind(given["kind"])
        usual = self.usual[kind]
        centre = queries.find_place(given["place"], self.places)
        assert centre is not None
        return actions.Entered(
            kind=kind,
            place=given["place"],
            centre=centre,
            radius_km=given["radius_km"] or usual.radius_km,
            extra_minutes=usual.extra_minutes if given["extra_minutes"] is None else given["extra_minutes"],
            starts_at=self.at,
            ends_at=given["ends_at"] or self.at + timedelta(hours=usual.hours),
        )
