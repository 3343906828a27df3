"""The ledger of referrals as figures, for its page and for reports."""

from datetime import date, datetime, timedelta

from clearway.core.layout.times import local
from clearway.domain.outpatients.counting import in_words
from clearway.domain.shared.figures import Figures

from . import presenters, queries

PERIOD = timedelta(days=27)  # four weeks with today


def ledger(organisation_id: int, at: datetime) -> Figures:
    """The usual period, up to today."""
    today = local(at).date()
    return of_ledger(queries.ledger(organisation_id, today - PERIOD, today), today - PERIOD, today)


def of_ledger(found: queries.Ledger, start: date, end: date) -> Figures:
    """Where the referrals of a period stand; what is lost is a row of its own."""
    lost = found.received - found.accounted
    rows = [*presenters.ledger_rows(found)]
    if lost:
        rows.append(("Triaged, and on no list", lost))
    accounted = "every one is accounted for" if found.balances else f"{found.accounted} are accounted for"
    sentence = f"{found.received} received from {in_words(start)} to {in_words(end)}, and {accounted}."
    table = ((name, str(count)) for name, count in (*rows, ("Received", found.received)))
    return Figures(sentence, ("Stands", "Referrals"), tuple(table), frozenset({1}))
