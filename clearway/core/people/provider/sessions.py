"""What a browser's session remembers of the provider."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

KEY = "provider"  # of a session that began at the provider
LEAVING = "leaving_provider"  # its ID token, to sign out there too
ANEW = "sign_in_anew"  # the next person at this screen proves who it is, whoever the provider still knows

TRIED = "tried_provider"  # somebody who is signed in was sent there to prove who they are once more
TRIED_SECONDS = 10 * 60
AWAY, NOTHING = "away", "nothing"  # what came of it: the provider did not answer us; nothing so far


def tried(session: Any, at: datetime, came: str = NOTHING) -> None:
    """Note that this person went to the provider once more, and what came of it."""
    session[TRIED] = {"at": at.timestamp(), "came": came}


def tried_lately(session: Any, at: datetime) -> str:
    """What came of going there once more within the last ten minutes; "" where nobody went."""
    noted = session.get(TRIED)
    return noted["came"] if noted and at.timestamp() - noted["at"] <= TRIED_SECONDS else ""


def began(session: Any, id_token: str, ways: Sequence[str] = (), *, can_be_stronger: bool = False) -> None:
    """This session began at the provider.

    ways             of signing in that it reached, by the trust's order
    can_be_stronger  the access file says from which way on no false page can ask for it
    """
    session[KEY] = {"id_token": id_token, "ways": list(ways), "can_be_stronger": can_be_stronger}
    session.pop(ANEW, None)
    session.pop(TRIED, None)


def proved(session: Any) -> tuple[str, ...]:
    """The ways of signing in at the provider that this session reached; none of one that began here."""
    return tuple(session.get(KEY, {}).get("ways", ()))


def left(session: Any, before: dict[str, Any] | None) -> bool:
    """The person has signed out. before: what KEY held. Whether there is a provider to sign out at too."""
    if before is None:
        return False
    session[ANEW] = True
    session[LEAVING] = before["id_token"]
    return True


def must_be_anew(session: Any) -> bool:
    """Whether somebody else may sit here now: signed out, idle for long, or a session that was too old."""
    return ANEW in session or "ended" in session
