"""What the pages of command ask for."""

from clearway.core.layout.fields import DeskForm, words


class AddForm(DeskForm):
    """What somebody adds to a situation report."""

    words = words("Correction or addition", most=1000, missing="Say what is added or corrected")


class GiveForm(DeskForm):
    """What somebody says when they give their shift."""

    notes = words("Notes for the next person", most=2000, required=False)


class SayForm(DeskForm):
    """A question, an answer or a note about a sheet."""

    words = words("Question or note", most=500, missing="Say what you ask or note")
