"""People and roles in words."""

WHY_SIGNED_OUT = {
    "idle": "You were signed out because nothing was touched for a while. Sign in to go on where you were.",
    "age": "You were signed out because your session was 12 hours old. Sign in to go on where you were.",
}


def why_signed_out(ended: str | None) -> str | None:
    """What the sign-in page says about a session that ended by itself."""
    return WHY_SIGNED_OUT.get(ended or "")
