"""Reading the groups of patients. For figures and audits of groups alone: a law test names who may."""

from typing import Any

from django.db import models as fields
from django.db.models import F, OuterRef, Subquery, Value
from django.db.models.functions import Cast, Coalesce

from clearway.domain.outpatients.equality import QUINTILES, EthnicCategory, quintile_of

from .models import Background, DeprivedArea, Patient

NOT_KNOWN = EthnicCategory.NOT_KNOWN.value


def of_patient(patient_id: int) -> Background | None:
    """What is recorded of a patient. One query."""
    return Background.objects.filter(patient_id=patient_id).first()


def says(patient_id: int) -> dict[str, str]:
    """What is recorded of a patient, to be held against what somebody records. One query."""
    row = of_patient(patient_id)
    return {"ethnicity": row.ethnicity if row else NOT_KNOWN}


def ethnicity(patient: str) -> Any:
    """The ethnic category of a row's patient, as an expression. patient  the way to them."""
    return Coalesce(F(f"{patient}__background__ethnicity"), Value(NOT_KNOWN))


def quintile(patient: str) -> Any:
    """The deprivation quintile of a row's patient by their postcode, "" where none is known."""
    areas = DeprivedArea.objects.filter(
        organisation=OuterRef(f"{patient}__organisation"), postcode=OuterRef(f"{patient}__postcode")
    )
    fifth = Subquery(areas.annotate(fifth=(F("decile") + 1) / 2).values("fifth")[:1])
    return Coalesce(Cast(fifth, fields.CharField()), Value(""))


def names_of_ethnicities() -> dict[str, str]:
    return {each.value: each.meaning for each in EthnicCategory}


def names_of_quintiles() -> dict[str, str]:
    return {**QUINTILES, "": "Not known"}


def groups_of(organisation_id: int) -> tuple[dict[int, str], dict[int, str]]:
    """Patient -> ethnic category, and patient -> quintile, in words, to audit a model by. Two queries."""
    said = Background.objects.filter(patient__organisation_id=organisation_id)
    names = names_of_ethnicities()
    ethnic = {key: names[code] for key, code in said.values_list("patient_id", "ethnicity")}
    rows = Patient.objects.filter(organisation_id=organisation_id).exclude(postcode="")
    areas = DeprivedArea.objects.filter(organisation_id=organisation_id, postcode=OuterRef("postcode"))
    deciles = rows.annotate(decile=Subquery(areas.values("decile")[:1])).filter(decile__isnull=False)
    deprived = {key: QUINTILES[quintile_of(tenth)] for key, tenth in deciles.values_list("pk", "decile")}
    return ethnic, deprived


def count_of_areas(organisation_id: int) -> int:
    """How many postcodes have a decile. One query."""
    return DeprivedArea.objects.filter(organisation_id=organisation_id).count()
