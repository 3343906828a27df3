"""Every write of onward requests. Each desk acts on its own side; both are told by the same rows."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import transaction

from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.onward import OVER, SAYS_WHY, Standing, State, Step, after, told

from ..audit.actions import Actor, Entry, record
from ..layout.times import local
from ..live.actions import announce
from . import queries
from .models import OnwardPerson, OnwardRequest, OnwardStep

SENDING, CHANGING = "Sending this request", "Changing this request"


@dataclass(frozen=True, slots=True)
class Person:
    """Who the patient is, as little as is known."""

    family_name: str = ""
    given_names: str = ""
    born_on: date | None = None
    nhs_number: str | None = None
    phone: str = ""
    address: str = ""
    postcode: str = ""

    @property
    def is_known(self) -> bool:
        return bool(self.nhs_number or (self.family_name and self.born_on))


@dataclass(frozen=True, slots=True)
class New:
    """A request to send. to  codes of organisation and service (queries.takers); again_of  one before."""

    to: tuple[str, str]
    kind: str
    asked: str
    person: Person = field(default_factory=Person)
    incident: str = ""
    crew: str = ""
    again_of: int | None = None


@transaction.atomic
def send(new: New, *, organisation_id: int, by: Actor, at: datetime) -> OnwardRequest:
    """Ask a service to take a patient on. Raises NotAllowed where it takes no such request, or nobody could
    find the patient.
    """
    found = [each for each in queries.takers(organisation_id, at) if each.to == new.to]
    if not found or new.kind not in found[0].taker.kinds:
        raise NotAllowed("not sent", SENDING, "This service takes no such requests. Choose from the list.")
    if not new.asked.strip():
        raise NotAllowed("not sent", SENDING, "Say what is asked for.")
    if not new.person.is_known:
        why = "Enter the NHS number, or the family name and the birth date: nobody could find the patient."
        raise NotAllowed("not sent", SENDING, why)
    to = found[0]
    before = _again(new, organisation_id)
    row = OnwardRequest.objects.create(
        sender_id=organisation_id,
        receiver_id=to.organisation_id,
        kind=new.kind,
        kind_words=to.taker.kinds[new.kind],
        service=to.taker.code,
        service_name=to.taker.name,
        asked=new.asked.strip(),
        urgency=to.taker.urgency,
        incident=new.incident,
        crew=new.crew,
        again_of=before,
        sent_at=at,
        sent_by=by.name,
        due_at=to.taker.reads_at(local(at)) + timedelta(hours=to.taker.target_hours),
        since=at,
    )
    who = new.person
    OnwardPerson.objects.create(
        request=row,
        family_name=who.family_name,
        given_names=who.given_names,
        born_on=who.born_on,
        nhs_number=who.nhs_number or None,
        phone=who.phone,
        address=who.address,
        postcode=who.postcode,
    )
    _write(row, Step.SEND, "", organisation_id, by, at)
    return row


def _again(new: New, organisation_id: int) -> OnwardRequest | None:
    """The request that is sent again. Raises NotAllowed unless it was refused or withdrawn, and only once."""
    if new.again_of is None:
        return None
    before = OnwardRequest.objects.select_for_update().get(pk=new.again_of, sender_id=organisation_id)
    if before.state not in (State.REFUSED, State.WITHDRAWN, State.ENDED):
        raise NotAllowed(before.state, "Sending it again", "It is on its way: there is no need to.")
    if OnwardRequest.objects.filter(again_of=before).exists():
        raise NotAllowed(before.state, "Sending it again", "It was sent again already.")
    return before


@transaction.atomic
def withdraw(key: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> OnwardRequest:
    """The sender no longer wants it: gone where nobody has registered it, else a person there decides.

    Raises NotAllowed without a reason and once it is over, and OnwardRequest.DoesNotExist for another's.
    """
    row = _locked(key, sender_id=organisation_id)
    step = Step.WITHDRAW if row.state == State.SENT else Step.ASK_BACK
    return _step(row, step, why, organisation_id, by, at)


@transaction.atomic
def lock(key: int, *, organisation_id: int) -> OnwardRequest:
    """A request that came to this organisation, locked until the transaction ends."""
    return _locked(key, receiver_id=organisation_id)


@transaction.atomic
def receive(
    key: int, reference: int, number: str, words: str, *, organisation_id: int, by: Actor, at: datetime
) -> OnwardRequest:
    """The receiver registered it, as the record of this number. Raises NotAllowed."""
    row = _locked(key, receiver_id=organisation_id)
    row.reference, row.number = reference, number
    return _step(row, Step.RECEIVE, words, organisation_id, by, at)


@transaction.atomic
def refuse(key: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> OnwardRequest:
    """The receiver does not take it, or it lacks too much. Raises NotAllowed, also without a reason."""
    return _step(_locked(key, receiver_id=organisation_id), Step.REFUSE, why, organisation_id, by, at)


@transaction.atomic
def keep(key: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> OnwardRequest:
    """The receiver goes on although the sender wanted it back. Raises NotAllowed."""
    row = _locked(key, receiver_id=organisation_id)
    if not row.is_wanted_back:
        raise NotAllowed(row.state, CHANGING, "Nobody asked for it back.")
    return _step(row, Step.KEEP, why, organisation_id, by, at)


def tell(
    reference: int | None, step: Step, words: str = "", *, organisation_id: int, by: Actor, at: datetime
) -> None:
    """Something became of the receiver's own record. Within its transaction; nothing where nobody asked.

    What says nothing new changes nothing: the receiver's desk never has to wait for this.
    """
    if reference is None:
        return
    rows = OnwardRequest.objects.select_for_update(no_key=True)
    row = rows.filter(receiver_id=organisation_id, reference=reference).first()
    if row is None or (now := told(_standing(row), step)) is None:
        return
    _put(row, now, at)
    _write(row, step, words or ("no reason was given" if step in SAYS_WHY else ""), organisation_id, by, at)


@transaction.atomic
def look(key: int, page: str, *, organisation_id: int, by: Actor, at: datetime) -> None:
    """Record that somebody was shown who the patient of a request is; called before they are."""
    entry = Entry("onward.look", f"onward:{key}", {"page": page})
    record([entry], organisation_id=organisation_id, by=by, at=at)


def _step(
    row: OnwardRequest, step: Step, words: str, organisation_id: int, by: Actor, at: datetime
) -> OnwardRequest:
    if step in SAYS_WHY and not words.strip():
        raise NotAllowed(row.state, CHANGING, "Give the reason, so that the others can be told.")
    if step in (Step.WITHDRAW, Step.ASK_BACK) and row.state in OVER:
        raise NotAllowed(row.state, "Withdrawing it", "It is over: there is nothing to withdraw.")
    _put(row, after(_standing(row), step), at)
    _write(row, step, words.strip(), organisation_id, by, at)
    return row


def _standing(row: OnwardRequest) -> Standing:
    return Standing(State(row.state), row.is_wanted_back)


def _put(row: OnwardRequest, standing: Standing, at: datetime) -> None:
    row.state, row.is_wanted_back, row.since = standing.state.value, standing.is_wanted_back, at
    row.save(update_fields=["state", "is_wanted_back", "since", "reference", "number"])


def _write(row: OnwardRequest, step: Step, words: str, organisation_id: int, by: Actor, at: datetime) -> None:
    """The step, its audit row, and a change row for each side."""
    said = words[:300]
    OnwardStep.objects.create(
        request=row, step=step.value, at=at, organisation_id=organisation_id, by=by.name, words=said
    )
    entry = Entry(f"onward.{step.value}", f"onward:{row.pk}", {"service": row.service, "kind": row.kind})
    record([entry], organisation_id=organisation_id, by=by, at=at)
    announce("onward_sent", [str(row.pk)], organisation_id=row.sender_id, at=at)
    announce("onward_come", [str(row.pk)], organisation_id=row.receiver_id, at=at)


def _locked(key: int, **side: int) -> OnwardRequest:
    return OnwardRequest.objects.select_for_update(no_key=True).get(pk=key, **side)
