"""Every form that edits a record: where it is made, and which template shows it.

tests/pure/test_edit_forms.py finds them in the code; tests/database/test_edits.py has two people use each.
"""

from typing import NamedTuple


class Edit(NamedTuple):
    """places  views and templates that fill it, as the law finds them"""

    name: str
    template: str
    places: tuple[str, ...] = ()


AMB, OUT = "desks/ambulance", "desks/outpatients"
EDITS = (
    Edit(
        "a patient",
        f"{OUT}/patients/templates/patients/form.html",
        (f"{OUT}/patients/views.py edit",),
    ),
    Edit(
        "an ethnic category",
        f"{OUT}/patients/templates/patients/patient.html",
        (f"{OUT}/patients/templates/patients/patient.html",),
    ),
    Edit(
        "the text of a letter",
        f"{OUT}/letters/templates/letters/edit.html",
        (f"{OUT}/letters/text_views.py edit",),
    ),
    Edit(
        "a weekly clinic",
        f"{OUT}/clinics/templates/clinics/template.html",
        (f"{OUT}/clinics/views.py template",),
    ),
    Edit(
        "the account of a clinician",
        f"{OUT}/enquiries/templates/enquiries/clinicians.html",
        (f"{OUT}/enquiries/templates/enquiries/clinicians.html",),
    ),
    Edit(
        "whom a message is left for",
        f"{OUT}/enquiries/templates/enquiries/enquiry.html",
        (f"{OUT}/enquiries/templates/enquiries/enquiry.html",),
    ),
    Edit(
        "the columns of a spreadsheet",
        f"{OUT}/intake/templates/intake/columns.html",
        (f"{OUT}/intake/templates/intake/columns.html",),
    ),
    Edit("what a referral lacked", f"{OUT}/referrals/templates/referrals/referral.html"),
    Edit("how a system writes", "gateway/templates/gateway/mapping.html", ("gateway/hl7_pages.py mapping",)),
    Edit(
        "what a destination can do",
        f"{AMB}/destinations/templates/destinations/answer.html",
        (f"{AMB}/destinations/forms.py AnswerForm",),
    ),
    Edit("a level of the trust", f"{AMB}/pressure/templates/pressure/ladder.html"),
    Edit("a release", f"{AMB}/release/templates/release/record.html"),
    Edit(
        "the correction of a release",
        f"{AMB}/release/templates/release/record.html",
        (f"{AMB}/release/views.py correct",),
    ),
    Edit(
        "a major incident",
        f"{AMB}/command/templates/command/major.html",
        (f"{AMB}/command/views.py _methane",),
    ),
    Edit(
        "how a hospital stands",
        f"{AMB}/liaison/templates/liaison/say.html",
        (f"{AMB}/liaison/views.py say",),
    ),
    Edit("one figure at the door", f"{AMB}/door/templates/door/at.html"),
    Edit("a contact", f"{AMB}/contacts/templates/contacts/new.html", (f"{AMB}/contacts/views.py new",)),
    Edit(
        "a message of the desk",
        f"{AMB}/messages/templates/desk_messages/new.html",
        (f"{AMB}/messages/views.py new",),
    ),
    Edit("a decision", "core/decisions/templates/decisions/new.html", ("core/decisions/views.py new",)),
    Edit("a task", "core/worklist/templates/worklist/task.html", ("core/worklist/views.py _task_page",)),
)
