"""What command writes once, and how it goes when its period is over."""

from django.db import migrations

from clearway.core.retention.records import kept, remover

RECORDS = kept(
    *("ambulance_sitrep", "ambulance_sitrepaddendum"),
    *("ambulance_shift_sheet", "ambulance_shift_acceptance", "ambulance_shift_word"),
)
SITREPS = remover(
    "sitreps",
    "ambulance_sitrep",
    first="t.at",
    last="t.at",
    corrected=False,
    parts=("DELETE FROM ambulance_sitrepaddendum WHERE of_id = ANY (chosen)",),
)
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


class Migration(migrations.Migration):
    dependencies = [("ambulance", "0005_quality"), ("core", "0003_guards")]

    operations = [
        migrations.RunSQL(RECORDS, migrations.RunSQL.noop),
        migrations.RunSQL(SITREPS, migrations.RunSQL.noop),
        migrations.RunSQL(SHIFTS, migrations.RunSQL.noop),
    ]
