"""What the pages of command ask for."""

from clearway.core.layout.fields import DeskForm, words


class AddForm(DeskForm):
    """What somebody adds to a situation report."""

    words = words("Correction or addition", most=1000, missing="Say what is added or corrected")
