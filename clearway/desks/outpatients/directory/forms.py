"""Forms of the directory: what is looked for, and which successor counts."""

from clearway.core.layout.fields import DeskForm

from ..patients.forms import plain


class SearchForm(DeskForm):
    text = plain("Code, name or postcode", 100)


class ChooseForm(DeskForm):
    new = plain("Successor", 12, required=True, missing="Choose one of the successors")
    why = plain("How you know", 200, required=True, missing="Say how you know, for example who told you")
