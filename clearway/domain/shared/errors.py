"""The two ways in which input is refused."""

from dataclasses import dataclass


@dataclass
class CannotParse(Exception):
    """A message or file cannot be read. Says where, why, and what would mend it.

    where  the place a person can go to: "line 12, field occurred_at"
    why    what was expected and what came, without patient details
    fix    the next thing to do
    """

    where: str
    why: str
    fix: str

    def __str__(self) -> str:
        return f"{self.where}: {self.why} {self.fix}"


@dataclass
class NotAllowed(Exception):
    """A person asked for a step that the rules do not allow from here.

    state  where the thing stands now, in the words of the glossary
    event  what was asked
    why    the reason, in a sentence a coordinator can act on
    """

    state: str
    event: str
    why: str

    def __str__(self) -> str:
        return f"{self.event} is not possible while {self.state}: {self.why}"
