"""How often one address may begin to sign in: whoever is not signed in makes us ask the provider."""

import threading
from datetime import datetime

# A hospital may be one address to us, and a shift begins at once; each person takes two requests.
AT_ONCE = 300
A_SECOND = 5
MOST = 10_000  # addresses that are remembered

_left: dict[str, tuple[float, datetime]] = {}
_lock = threading.Lock()


def take(address: str, at: datetime) -> bool:
    """Count one request of this address: a bucket that fills again. False when it is empty."""
    with _lock:
        left, since = _left.pop(address, (float(AT_ONCE), at))
        left = min(AT_ONCE, left + max(0.0, (at - since).total_seconds()) * A_SECOND)
        if len(_left) >= MOST:
            del _left[next(iter(_left))]  # the one that has asked for nothing for longest
        _left[address] = (left - 1 if left >= 1 else left, at)
        return left >= 1


def forget() -> None:
    """Remember nobody: for tests, which all come from one address."""
    with _lock:
        _left.clear()
