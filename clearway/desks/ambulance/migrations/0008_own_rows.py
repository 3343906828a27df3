"""Tables that hold or may hold patients' data show the desks the rows of one trust (docs/adr/0109)."""

from django.db import migrations

from clearway.core.organisation.own_rows import fenced, fenced_with

TABLES = (
    "call",
    "contact",
    "crewmessage",
    "desk_message",
    "feedback",
    "handentry",
    "identity",
    "incident",
    "paperform",
    "safeguarding",
)
OWN_ROWS = (
    *(fenced(f"ambulance_{table}") for table in TABLES),
    fenced_with("ambulance_desk_message_to", "of_id", "ambulance_desk_message"),
    fenced_with("ambulance_safeguarding_taken", "of_id", "ambulance_safeguarding"),
)


class Migration(migrations.Migration):
    dependencies = [("ambulance", "0007_cover")]
    operations = [migrations.RunSQL(each, migrations.RunSQL.noop) for each in OWN_ROWS]
