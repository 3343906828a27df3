"""A report that has left stays as it is, but for what its recipient says: the database sees to it."""

from django.db import migrations

KEPT = """
CREATE FUNCTION clearway_report_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Only clearway_forget_sent_reports sets this, which looks at age and holds.
    IF TG_OP = 'DELETE' AND current_setting('clearway.forgetting', true) = 'outpatients' THEN
        RETURN OLD;
    END IF;
    -- Whatever it holds, but for what the recipient does: a new column is kept without being named here.
    IF TG_OP = 'DELETE' OR (to_jsonb(NEW) - '{read_at,said}'::text[])
            IS DISTINCT FROM (to_jsonb(OLD) - '{read_at,said}'::text[]) THEN
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
