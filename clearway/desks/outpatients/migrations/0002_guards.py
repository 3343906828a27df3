"""What the database itself guarantees of the outpatient desk beyond the models."""

from django.db import migrations

SEATS = """
CREATE FUNCTION clearway_seat_exists() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    slot outpatients_slot%ROWTYPE;
BEGIN
    SELECT * INTO slot FROM outpatients_slot WHERE id = NEW.slot_id;
    IF NEW.seat > slot.seats THEN
        RAISE EXCEPTION 'slot % has % seats, not %', slot.id, slot.seats, NEW.seat
            USING ERRCODE = 'check_violation', CONSTRAINT = 'the_slot_has_that_seat';
    END IF;
    IF (NEW.starts_at, NEW.ends_at, NEW.organisation_id)
            <> (slot.starts_at, slot.ends_at, slot.organisation_id) THEN
        RAISE EXCEPTION 'an appointment has the times of its slot'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'an_appointment_has_the_times_of_its_slot';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER outpatients_appointment_seat BEFORE INSERT OR UPDATE OF slot_id, seat, starts_at, ends_at
    ON outpatients_appointment FOR EACH ROW EXECUTE FUNCTION clearway_seat_exists();
"""

INSERT_ONLY = ("outpatients_clock_event", "outpatients_triage")
GUARD = """
CREATE TRIGGER {table}_insert_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION clearway_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("outpatients", "0001_tables"), ("core", "0003_guards")]

    operations = [
        migrations.RunSQL(SEATS, migrations.RunSQL.noop),
        *(migrations.RunSQL(GUARD.format(table=table), migrations.RunSQL.noop) for table in INSERT_ONLY),
    ]
