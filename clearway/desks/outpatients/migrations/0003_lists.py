"""The database keeps in each list entry the dates by which lists are ordered, whoever changes a clock.

And each pack for the team leader as it was made, signed at most once.
"""

from django.db import migrations

OPEN_CLOCK = "('ticking', 'unknown_start')"
DATES = f"""
CREATE FUNCTION clearway_entry_dates() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    clock outpatients_pathway%ROWTYPE;
BEGIN
    SELECT * INTO clock FROM outpatients_pathway WHERE id = NEW.pathway_id AND state IN {OPEN_CLOCK};
    NEW.treat_by := coalesce(clock.treat_by, NEW.latest_on);
    NEW.waits_from := coalesce(clock.queue_from, clock.started_on, NEW.due_on,
                               (NEW.added_at AT TIME ZONE 'Europe/London')::date);
    RETURN NEW;
END $$;
CREATE TRIGGER outpatients_entry_dates
    BEFORE INSERT OR UPDATE OF pathway_id, latest_on, due_on, added_at, treat_by, waits_from
    ON outpatients_entry FOR EACH ROW EXECUTE FUNCTION clearway_entry_dates();

CREATE FUNCTION clearway_entry_dates_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE outpatients_entry SET waits_from = waits_from
        WHERE pathway_id = NEW.id AND state IN ('waiting', 'booked');
    RETURN NULL;
END $$;
CREATE TRIGGER outpatients_pathway_entry_dates
    AFTER UPDATE OF state, treat_by, queue_from, started_on ON outpatients_pathway
    FOR EACH ROW EXECUTE FUNCTION clearway_entry_dates_follow();
"""

PACKS = """
CREATE FUNCTION clearway_pack_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.seen_at IS NOT NULL
            OR (to_jsonb(NEW) - '{seen_at,seen_by,seen_words}'::text[])
            IS DISTINCT FROM (to_jsonb(OLD) - '{seen_at,seen_by,seen_words}'::text[]) THEN
        RAISE EXCEPTION 'pack % is kept as it was made and as it was signed', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER outpatients_pack_is_kept BEFORE UPDATE OR DELETE ON outpatients_validationpack
    FOR EACH ROW EXECUTE FUNCTION clearway_pack_is_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("outpatients", "0002_guards")]

    operations = [migrations.RunSQL(each, migrations.RunSQL.noop) for each in (DATES, PACKS)]
