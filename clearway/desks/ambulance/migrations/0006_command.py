"""What command writes once, and how it goes when its period is over."""

from django.db import migrations

from clearway.core.retention.records import kept, remover

RECORDS = kept(
    *("ambulance_sitrep", "ambulance_sitrepaddendum", "ambulance_meeting_pack"),
    *("ambulance_shift_sheet", "ambulance_shift_acceptance", "ambulance_shift_word"),
    *("ambulance_escalation_call", "ambulance_call_line", "ambulance_call_minutes"),
    "ambulance_major_incident",
)
SITREPS = remover(
    "sitreps",
    "ambulance_sitrep",
    first="t.at",
    last="t.at",
    corrected=False,
    parts=("DELETE FROM ambulance_sitrepaddendum WHERE of_id = ANY (chosen)",),
)
PACKS = remover("meeting_packs", "ambulance_meeting_pack", first="t.at", last="t.at", corrected=False)
SHIFTS = remover(
    "shift_sheets",
    "ambulance_shift_sheet",
    first="t.at",
    last="t.at",
    corrected=False,
    parts=(
        "DELETE FROM ambulance_shift_word WHERE of_id = ANY (chosen)",
        "DELETE FROM ambulance_shift_acceptance WHERE of_id = ANY (chosen)",
    ),
)
CALLS = remover(
    "escalation_calls",
    "ambulance_escalation_call",
    first="t.at",
    last="t.at",
    corrected=False,
    parts=(
        "DELETE FROM ambulance_call_line WHERE of_id = ANY (chosen)",
        "DELETE FROM ambulance_call_minutes WHERE of_id = ANY (chosen)",
    ),
)
MAJOR = remover("major_incidents", "ambulance_major_incident", first="t.at", last="t.at", corrected=False)


class Migration(migrations.Migration):
    dependencies = [("ambulance", "0005_quality"), ("core", "0003_guards")]

    operations = [
        migrations.RunSQL(RECORDS, migrations.RunSQL.noop),
        migrations.RunSQL(SITREPS, migrations.RunSQL.noop),
        migrations.RunSQL(PACKS, migrations.RunSQL.noop),
        migrations.RunSQL(SHIFTS, migrations.RunSQL.noop),
        migrations.RunSQL(CALLS, migrations.RunSQL.noop),
        migrations.RunSQL(MAJOR, migrations.RunSQL.noop),
    ]
