"""What is written once at the desk, and how it goes when its period is over."""

from django.db import migrations

from clearway.core.retention.records import kept, remover

RECORDS = kept(
    "ambulance_contact",
    "ambulance_desk_message",
    "ambulance_desk_message_to",
    "ambulance_desk_message_step",
    "ambulance_safeguarding",
    "ambulance_safeguarding_taken",
    "ambulance_release",
)
CONTACTS = remover("desk_contacts", "ambulance_contact", first="t.at", last="t.at")

_TO = "SELECT r.id FROM ambulance_desk_message_to r WHERE r.of_id = ANY (chosen)"
MESSAGES = remover(
    "desk_messages",
    "ambulance_desk_message",
    first="t.at",
    last="t.at",
    parts=(
        f"DELETE FROM ambulance_desk_message_step WHERE to_id IN ({_TO})",
        "DELETE FROM ambulance_desk_message_to WHERE of_id = ANY (chosen)",
    ),
)
SAFEGUARDING = remover(
    "safeguarding",
    "ambulance_safeguarding",
    first="t.at",
    last="(SELECT s.at FROM ambulance_safeguarding_taken s WHERE s.of_id = t.id)",
    corrected=False,
    parts=("DELETE FROM ambulance_safeguarding_taken WHERE of_id = ANY (chosen)",),
)
RELEASES = remover("releases", "ambulance_release", first="t.arrived_at", last="t.at")


class Migration(migrations.Migration):
    dependencies = [("ambulance", "0003_letting_go"), ("core", "0003_guards")]

    operations = [
        migrations.RunSQL(RECORDS, migrations.RunSQL.noop),
        migrations.RunSQL(CONTACTS, migrations.RunSQL.noop),
        migrations.RunSQL(MESSAGES, migrations.RunSQL.noop),
        migrations.RunSQL(SAFEGUARDING, migrations.RunSQL.noop),
        migrations.RunSQL(RELEASES, migrations.RunSQL.noop),
    ]
