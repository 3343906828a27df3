"""A report that has left stays as it is, but for what its recipient says: the database sees to it."""

from django.db import migrations

KEPT = """
CREATE FUNCTION clearway_report_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Only clearway_forget_sent_reports sets this, which looks at age and holds.
    IF TG_OP = 'DELETE' AND current_setting('clearway.forgetting', true) = 'outpatients' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'DELETE' OR (NEW.csv, NEW.figures, NEW.as_of, NEW.recipient_id, NEW.outgoing_id, NEW.report_id,
                            NEW.due_on, NEW.sealed_at)
            IS DISTINCT FROM (OLD.csv, OLD.figures, OLD.as_of, OLD.recipient_id, OLD.outgoing_id,
                              OLD.report_id, OLD.due_on, OLD.sealed_at) THEN
        RAISE EXCEPTION 'report % has left: its copy is kept as it was', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER outpatients_report_is_kept BEFORE UPDATE OR DELETE ON outpatients_report_sent
    FOR EACH ROW WHEN (OLD.sealed_at IS NOT NULL) EXECUTE FUNCTION clearway_report_is_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("outpatients", "0004_letters")]

    operations = [migrations.RunSQL(KEPT, migrations.RunSQL.noop)]
