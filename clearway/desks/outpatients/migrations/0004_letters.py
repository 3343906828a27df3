"""A letter that has left, and a text that was approved, stay as they are: the database sees to it."""

from django.db import migrations

KEPT = """
CREATE FUNCTION clearway_letter_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Only clearway_forget_letters sets this, which looks at age and holds.
    IF TG_OP = 'DELETE' AND current_setting('clearway.forgetting', true) = 'outpatients' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'DELETE' OR (NEW.pdf, NEW.content, NEW.to_name, NEW.to_address, NEW.text_id, NEW.format,
                            NEW.sealed_at, NEW.outgoing_id, NEW.patient_id)
            IS DISTINCT FROM (OLD.pdf, OLD.content, OLD.to_name, OLD.to_address, OLD.text_id, OLD.format,
                              OLD.sealed_at, OLD.outgoing_id, OLD.patient_id) THEN
        RAISE EXCEPTION 'letter % has left: its copy is kept as it was', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER outpatients_letter_is_kept BEFORE UPDATE OR DELETE ON outpatients_letter
    FOR EACH ROW WHEN (OLD.sealed_at IS NOT NULL) EXECUTE FUNCTION clearway_letter_is_kept();

CREATE FUNCTION clearway_text_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'text %, version % is approved: make a new version', OLD.code, OLD.version
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER outpatients_letter_text_is_kept BEFORE UPDATE OR DELETE ON outpatients_letter_text
    FOR EACH ROW WHEN (OLD.state = 'approved') EXECUTE FUNCTION clearway_text_is_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("outpatients", "0003_lists")]

    operations = [migrations.RunSQL(KEPT, migrations.RunSQL.noop)]
