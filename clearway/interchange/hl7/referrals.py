"""REF: a referral, as the fields of a row of a file have it."""

from clearway.domain.outpatients.told import ReferralStep, ReferralTold

from .people import person
from .trail import Reader

STEPS = {"I12": ReferralStep.NEW, "I13": ReferralStep.CHANGED, "I14": ReferralStep.CANCELLED}


def referral(reader: Reader) -> ReferralTold:
    """The referral of a message. Raises CannotParse."""
    step = STEPS[reader.message.header.kind.partition("^")[2]]
    told = person(reader)
    theirs = reader.needed("referral")
    if step is ReferralStep.CANCELLED:
        return ReferralTold(step, told.who, theirs, why=reader.mapping.withdrawn)
    who = told.who
    received_on, written_on = reader.day("received_on"), reader.day("written_on")
    values = {
        "reference": theirs,
        "family_name": who.family_name,
        "given_names": who.given_names,
        "born_on": who.born_on.isoformat() if who.born_on else "",
        "nhs_number": who.nhs_number,
        **told.details,
        "service": reader.coded("service", "service"),
        "received_on": received_on.isoformat() if received_on else "",
        "written_on": written_on.isoformat() if written_on else "",
        "priority": reader.coded("referral_priority", "referral_priority"),
        "source": reader.coded("source", "referral_source"),
        "sender": reader.text("referrer"),
        "sender_organisation": reader.text("referrer_organisation"),
        "ubrn": reader.text("ubrn"),
        "condition": reader.text("condition"),
        "question": reader.text("question"),
    }
    return ReferralTold(step, who, theirs, values)
