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
    "ambulance_hospitalfigure",
    "ambulance_trustlevel",
    "ambulance_actionanswer",
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

FIGURES = remover(
    "hospital_figures", "ambulance_hospitalfigure", first="t.true_at", last="t.at", corrected=False
)
# With the actions that they asked and every answer. The newest of each ladder has no end and stays, and so
# does one whose actions are open, because the same level was set again.
_CARDS = "FROM ambulance_actioncard WHERE entered_id"
LEVELS = remover(
    "trust_levels",
    "ambulance_trustlevel",
    first="t.at",
    last=f"(SELECT GREATEST(n.at, (SELECT max(closed_at) {_CARDS} = t.id))"
    " FROM ambulance_trustlevel n WHERE n.organisation_id = t.organisation_id AND n.ladder = t.ladder"
    " AND n.number = t.number + 1)",
    over=f"NOT EXISTS (SELECT {_CARDS} = t.id AND closed_at IS NULL)",
    corrected=False,
    parts=(
        f"DELETE FROM ambulance_actionanswer WHERE card_id IN (SELECT id {_CARDS} = ANY (chosen))",
        f"DELETE {_CARDS} = ANY (chosen)",
    ),
)


class Migration(migrations.Migration):
    dependencies = [("ambulance", "0003_letting_go"), ("core", "0003_guards")]

    operations = [
        migrations.RunSQL(RECORDS, migrations.RunSQL.noop),
        migrations.RunSQL(CONTACTS, migrations.RunSQL.noop),
        migrations.RunSQL(MESSAGES, migrations.RunSQL.noop),
        migrations.RunSQL(SAFEGUARDING, migrations.RunSQL.noop),
        migrations.RunSQL(RELEASES, migrations.RunSQL.noop),
        migrations.RunSQL(FIGURES, migrations.RunSQL.noop),
        migrations.RunSQL(LEVELS, migrations.RunSQL.noop),
    ]
