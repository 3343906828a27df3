"""Services, their people, rooms and equipment, clinic templates, and the sessions and slots made of them."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from clearway.core.organisation.models import Organisation, Site
from clearway.core.people.models import User
from clearway.domain.outpatients.measurement import ServiceKind


class Span(Func):
    """The half-open time range of a row."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


def span() -> Span:
    return Span("starts_at", "ends_at", RangeBoundary())


class Service(models.Model):
    """What patients are referred to.

    kind      decides how a wait is measured (domain.outpatients.measurement)
    function  treatment function code
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=30, default=ServiceKind.THERAPY)
    function = models.CharField(max_length=3)
    is_open = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["organisation", "code"], name="one_service_per_code")]

    def __str__(self) -> str:
        return self.name


class Clinician(models.Model):
    """Somebody who sees patients. skills: words that templates and list entries ask for.

    user  the account with which they sign in, where they have one: what is theirs is shown to it
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=120)
    profession = models.CharField(max_length=60)
    band = models.CharField(max_length=4, blank=True)
    skills = ArrayField(models.CharField(max_length=40), default=list)
    is_active = models.BooleanField(default=True)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "code"], name="one_clinician_per_code"),
            models.UniqueConstraint(
                fields=["organisation", "user"],
                condition=Q(user__isnull=False),
                name="one_clinician_per_account",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Room(models.Model):
    """A room or a gym. fault: why it cannot be used now, "" when it can."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="rooms")
    name = models.CharField(max_length=60)
    fault = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["site", "name"]
        constraints = [models.UniqueConstraint(fields=["site", "name"], name="one_room_per_name")]

    def __str__(self) -> str:
        return self.name


class Equipment(models.Model):
    """A thing that clinics take turns with, as a treadmill. room  where it is kept; its site may use it.

    gives  the word with which a list entry asks for it, among its skills; "" where none does
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    room = models.ForeignKey(Room, on_delete=models.PROTECT, related_name="equipment")
    name = models.CharField(max_length=60)
    gives = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["room", "name"]
        constraints = [models.UniqueConstraint(fields=["room", "name"], name="one_thing_per_name")]

    def __str__(self) -> str:
        return self.name


class Template(models.Model):
    """One version of a weekly clinic. A change makes a new version; sessions keep the one they were made of.

    equipment  what it takes for all of its time; null for nothing
    weekday  ISO, 1 to 7; every  1 each week, 2 every other week counted from valid_from
    slots    [{"start": "09:00", "minutes": 45, "kind": "new", "seats": 1, "medium": "01", "held": "urgent",
               "release_days": 2}, ...], as domain.outpatients.clinics.SlotPlan describes
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    code = models.CharField(max_length=30)
    version = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    service = models.ForeignKey(Service, on_delete=models.PROTECT)
    room = models.ForeignKey(Room, on_delete=models.PROTECT)
    clinician = models.ForeignKey(Clinician, on_delete=models.PROTECT)
    equipment = models.ForeignKey(Equipment, null=True, on_delete=models.PROTECT)
    weekday = models.PositiveSmallIntegerField()
    every = models.PositiveSmallIntegerField(default=1)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    slots = models.JSONField()
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "code", "version"], name="one_template_version"),
            models.CheckConstraint(condition=Q(weekday__gte=1, weekday__lte=7), name="template_weekday"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="template_ends_after_it_starts",
            ),
        ]


class Session(models.Model):
    """One clinic on one day. A clinician, a room and a piece of equipment can be in one session at a time."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        FROZEN = "frozen", "Frozen: nobody is booked"
        CANCELLED = "cancelled", "Cancelled"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    template = models.ForeignKey(Template, null=True, on_delete=models.PROTECT, related_name="sessions")
    service = models.ForeignKey(Service, on_delete=models.PROTECT)
    clinician = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="sessions")
    room = models.ForeignKey(Room, on_delete=models.PROTECT, related_name="sessions")
    equipment = models.ForeignKey(Equipment, null=True, on_delete=models.PROTECT, related_name="sessions")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    why = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="session_ends_after_start"),
            ExclusionConstraint(
                name="a_clinician_is_in_one_session",
                expressions=[("clinician", RangeOperators.EQUAL), (span(), RangeOperators.OVERLAPS)],
                condition=~Q(state="cancelled"),
            ),
            ExclusionConstraint(
                name="a_room_has_one_session",
                expressions=[("room", RangeOperators.EQUAL), (span(), RangeOperators.OVERLAPS)],
                condition=~Q(state="cancelled"),
            ),
            ExclusionConstraint(
                name="equipment_is_in_one_session",
                expressions=[("equipment", RangeOperators.EQUAL), (span(), RangeOperators.OVERLAPS)],
                condition=~Q(state="cancelled") & Q(equipment__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["organisation", "starts_at"])]


class Slot(models.Model):
    """One time in a session that a patient, or a group, can be booked into.

    kind        new, follow_up or group
    seats       how many can be booked: 1, or the size of a group
    held        whom it is kept for ("urgent"), "" for anybody; from `released_at` on it is anybody's
    blocked     why nobody can be booked (room fault, leave, ...), "" when somebody can
    """

    class Kind(models.TextChoices):
        NEW = "new", "New"
        FOLLOW_UP = "follow_up", "Follow-up"
        GROUP = "group", "Group"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="slots")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    kind = models.CharField(max_length=10, choices=Kind)
    medium = models.CharField(max_length=2, default="01")
    seats = models.PositiveSmallIntegerField(default=1)
    held = models.CharField(max_length=20, blank=True)
    released_at = models.DateTimeField(null=True)
    blocked = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["starts_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="slot_ends_after_start"),
            models.CheckConstraint(condition=Q(seats__gte=1), name="slot_has_a_seat"),
            ExclusionConstraint(
                name="slots_of_a_session_do_not_overlap",
                expressions=[("session", RangeOperators.EQUAL), (span(), RangeOperators.OVERLAPS)],
            ),
        ]
        indexes = [models.Index(fields=["organisation", "starts_at"])]


class Leave(models.Model):
    """When a clinician is away. decided: None asked for, True granted, False refused."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    clinician = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="leave")
    starts_on = models.DateField()
    ends_on = models.DateField()
    kind = models.CharField(max_length=20)  # annual, sickness, study
    asked_at = models.DateTimeField()
    decided = models.BooleanField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="leave_ends_after_start")
        ]
