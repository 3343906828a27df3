"""What was asked, and how it was decided, stays as it is: both values of a correction are kept."""

from django.db import migrations

KEPT = """
CREATE FUNCTION clearway_correction_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (NEW.patient_id, NEW.value, NEW.was, NEW.wanted, NEW.why, NEW.received_on)
            IS DISTINCT FROM (OLD.patient_id, OLD.value, OLD.was, OLD.wanted, OLD.why, OLD.received_on)
            OR OLD.decided_at IS NOT NULL
            AND (NEW.decision, NEW.reason, NEW.became, NEW.decided_at, NEW.decided_by)
            IS DISTINCT FROM (OLD.decision, OLD.reason, OLD.became, OLD.decided_at, OLD.decided_by)
            OR OLD.statement <> '' AND NEW.statement <> OLD.statement THEN
        RAISE EXCEPTION 'request % to correct a record is kept as it was', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER outpatients_rectification_is_kept BEFORE UPDATE OR DELETE ON outpatients_rectification
    FOR EACH ROW EXECUTE FUNCTION clearway_correction_is_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("outpatients", "0006_keeping")]

    operations = [migrations.RunSQL(KEPT, migrations.RunSQL.noop)]
