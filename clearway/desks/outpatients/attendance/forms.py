"""Setting a call aside, putting a model in use, and withdrawing it."""

from clearway.core.layout.fields import DeskForm, words


class AsideForm(DeskForm):
    """Why somebody who knows better needs no call for it."""

    why = words("Why no call is needed", most=200)


class UseForm(DeskForm):
    """Why a model is put in use, or withdrawn."""

    why = words("Why", most=200)
