"""The reference page of HL7 v2: which messages are read, where each thing stands, what codes mean."""

from collections.abc import Iterable

from .kinds import KINDS
from .mapping import PLACES, SENDER, TABLES, USUAL_CODES


def page() -> str:
    """The page as Markdown, made from the tables by which messages are read."""
    parts = [
        "# HL7 v2 messages",
        "Generated from the code by `clearway reference write`; edit the code, not this page.",
        "What is read of other systems' messages; [the how-to](../how-to/connect-a-pas.md) connects one.",
        "## Messages",
        "Another kind is answered AR, unless the mapping sets it aside.",
        _table(("message", "what it does"), ((f"`{kind}`", each.does) for kind, each in KINDS.items())),
        "## Places",
        (
            "Where each thing stands as a rule: segment, field, component, subcomponent, counted from 1. Of "
            "several places the first that says something counts. `[places]` of a mapping says otherwise, by "
            "name."
        ),
        _table(
            ("name", "usual places", "holds"),
            (
                (f"`{name}`", ", ".join(f"`{place}`" for place in each.usual) or "nowhere", each.holds)
                for name, each in PLACES.items()
            ),
        ),
        "## Codes",
        (
            f"Tables of `[codes]` in a mapping: {', '.join(f'`{name}`' for name in TABLES)}. A code that one "
            "names counts before the usual, which are:"
        ),
        _table(
            ("table", "code", "means here"),
            (
                (f"`{table}`", f"`{code}`", f"`{means}`")
                for table, codes in USUAL_CODES.items()
                for code, means in codes.items()
            ),
        ),
        "## Sender",
        f"Of `[sender]`: {', '.join(f'`{name}`' for name in SENDER)}.",
        "## Answers",
        _table(
            ("answer", "means"),
            (
                ("AA", "taken, known already, or none of ours; it is kept"),
                (
                    "AE",
                    "kept, and waits for what its reason asks for (below); ERR names segment, field and fix",
                ),
                ("AR", "not readable, of a kind that is not read here, or of a sender that nobody set up"),
            ),
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(each)} |" for each in (head, ("---",) * len(head), *rows)]
    return "\n".join(lines)
