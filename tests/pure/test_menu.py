"""The menu: every page under a heading by task, and no shortcut that does two things."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings

from clearway.core.layout import context

BOTH = {"contacts.write", "enquiries.work", "handovers.read", "outpatients.read", "patients.read"}


def pages(path: str, allowed: set[str]) -> list[context.Link]:
    request: Any = SimpleNamespace(path=path, reach=SimpleNamespace(allows=lambda each: each in allowed))
    return context.navigation(request)


def test_every_page_of_the_navigation_stands_under_one_heading_and_every_heading_names_pages() -> None:
    named = [name for names in settings.MENU.values() for name in names]
    assert sorted(named) == sorted(name for _, name, *_ in settings.NAVIGATION)


def test_the_menu_has_the_headings_of_what_a_person_may_open_and_each_page_once() -> None:
    links = pages("/handovers/", BOTH)
    groups = context.menu(links)

    assert [each.heading for each in groups] == [
        "Flow now",
        "Calls and messages",
        "Ahead and after",
        "Patients and referrals",
        "Office and letters",
    ]
    assert sorted(link.label for each in groups for link in each.links) == sorted(
        each.label for each in links
    )


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/outpatients/list/", "Take a call"),
        ("/handovers/", "Record a contact"),
        ("/tasks/", "Record a contact"),
    ],
)
def test_a_shortcut_of_two_desks_is_that_of_the_desk_whose_page_is_open(path: str, label: str) -> None:
    chords = [(each.chord, each.label) for each in pages(path, BOTH) if each.chord == "Alt+M"]
    assert chords == [("Alt+M", label)]


def test_who_is_at_one_desk_has_its_shortcut_on_every_page() -> None:
    links = pages("/tasks/", {"enquiries.work"})
    assert [(each.label, each.chord) for each in links] == [("Take a call", "Alt+M")]
