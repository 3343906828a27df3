"""What a browser would send for the form on a page, as the page fills it in."""

from html.parser import HTMLParser
from typing import Any


class _Form(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, str] = {}
        self.select = self.area = self.option = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        name, kind = said.get("name") or "", said.get("type") or "text"
        if tag == "select":
            self.select = name
        elif tag == "textarea":
            self.area, self.sent[name] = name, ""
        elif tag == "option" and self.select and ("selected" in said or self.select not in self.sent):
            self.sent[self.select] = said.get("value") or ""
            self.option = self.select if "value" not in said else ""
        elif tag == "input" and name and (kind not in ("radio", "checkbox") or "checked" in said):
            self.sent[name] = said.get("value") or ""

    def handle_data(self, data: str) -> None:
        if self.area:
            self.sent[self.area] += data
        elif self.option:  # one without a value sends its words
            self.sent[self.option], self.option = data, ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.select = ""
        elif tag == "textarea":
            self.area = ""


def filled(page: Any) -> dict[str, str]:
    """Name and value of each field; of several values under one name, the last."""
    form = _Form()
    form.feed(page.content.decode().split("<main", 1)[-1])
    form.sent.pop("csrfmiddlewaretoken", None)
    return form.sent
