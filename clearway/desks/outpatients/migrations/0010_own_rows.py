"""Tables that hold patients' data show the desks the rows of one trust (docs/adr/0109)."""

from django.db import migrations

from clearway.core.organisation.own_rows import fenced, fenced_with

TABLES = (
    "absence",
    "answer",
    "appointment",
    "arrangement",
    "attendance_score",
    "batch",
    "checked",
    "clock_event",
    "contact",
    "conversation",
    "correspondent",
    "displaced",
    "document",
    "enquiry",
    "entry",
    "finding",
    "freed_slot",
    "givenfile",
    "letter",
    "letter_batch",
    "loan",
    "message",
    "miss",
    "offer",
    "on_request",
    "pathway",
    "patient",
    "records_request",
    "rectification",
    "referral",
    "reminder",
    "replan",
    "report",
    "slot_offer",
    "takenreferral",
    "trial",
    "validationpack",
    "volume",
)
PARENTS = {
    "attendance_set_aside": ("appointment_id", "appointment"),
    "background": ("patient_id", "patient"),
    "carer": ("patient_id", "patient"),
    "disclosure_pack": ("request_id", "records_request"),
    "filing": ("document_id", "document"),
    "flag": ("patient_id", "patient"),
    "gap": ("referral_id", "referral"),
    "need": ("patient_id", "patient"),
    "patient_hold": ("patient_id", "patient"),
    "rectification_recipient": ("rectification_id", "rectification"),
    "report_sent": ("report_id", "report"),
    "triage": ("referral_id", "referral"),
    "trial_place": ("trial_id", "trial"),
    "volume_out": ("volume_id", "volume"),
}
OWN_ROWS = (
    *(fenced(f"outpatients_{table}") for table in TABLES),
    *(
        fenced_with(f"outpatients_{table}", column, f"outpatients_{parent}")
        for table, (column, parent) in PARENTS.items()
    ),
)


class Migration(migrations.Migration):
    dependencies = [("outpatients", "0009_exchange"), ("core", "0003_guards")]
    operations = [migrations.RunSQL(each, migrations.RunSQL.noop) for each in OWN_ROWS]
