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

# Who books locks the patient as a foreign key does, so that a merger waits for it and it for a merger: no
# appointment escapes the person that it is of.
PERSON = """
CREATE FUNCTION clearway_appointment_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT coalesce(merged_into_id, id) INTO NEW.person_id
        FROM outpatients_patient WHERE id = NEW.patient_id FOR KEY SHARE;
    RETURN NEW;
END $$;
CREATE TRIGGER outpatients_appointment_person BEFORE INSERT OR UPDATE OF patient_id, person_id
    ON outpatients_appointment FOR EACH ROW EXECUTE FUNCTION clearway_appointment_person();

CREATE FUNCTION clearway_person_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE outpatients_appointment SET person_id = coalesce(NEW.merged_into_id, NEW.id)
        WHERE patient_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER outpatients_patient_person AFTER UPDATE OF merged_into_id ON outpatients_patient
    FOR EACH ROW WHEN (OLD.merged_into_id IS DISTINCT FROM NEW.merged_into_id)
    EXECUTE FUNCTION clearway_person_follows();
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
        migrations.RunSQL(PERSON, migrations.RunSQL.noop),
        *(migrations.RunSQL(GUARD.format(table=table), migrations.RunSQL.noop) for table in INSERT_ONLY),
    ]
