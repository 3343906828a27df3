"""What was said about findings, what was frozen, and feedback that was given: never changed.

As in 0002_facts: the words of a finding go with it once both are past their period, and in no other way.
"""

from django.db import migrations

WORDS = """
CREATE FUNCTION clearway_keep_findings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Only clearway_forget_findings sets this, which looks at their age.
    IF TG_OP = 'DELETE' AND current_setting('clearway.forgetting', true) = 'findings' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% is insert-only: write a new row that supersedes', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION clearway_forget_findings(trust bigint, before timestamptz, most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET clearway.forgetting = 'findings' AS $$
DECLARE
    chosen bigint[];
BEGIN
    chosen := ARRAY(SELECT c.id FROM ambulance_findingcase c
        WHERE c.organisation_id = trust AND c.found_at < before
        AND NOT clearway_is_held(trust, c.found_at, COALESCE(c.ended_at, c.found_at)) LIMIT most);
    IF cardinality(chosen) > 0 THEN
        PERFORM clearway_check_old('ambulance_finding', before);
    END IF;
    DELETE FROM ambulance_findingword WHERE of_id = ANY (chosen);
    DELETE FROM ambulance_findingcase WHERE id = ANY (chosen);
    RETURN cardinality(chosen);
END $$;

CREATE FUNCTION clearway_forget_feedback(trust bigint, before timestamptz, most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET clearway.forgetting = 'findings' AS $$
DECLARE
    chosen bigint[];
BEGIN
    chosen := ARRAY(SELECT f.id FROM ambulance_feedback f WHERE f.organisation_id = trust
        AND f.made_at < clearway_forget_feedback.before
        AND NOT clearway_is_held(trust, f.made_at, f.made_at) LIMIT most);
    IF cardinality(chosen) > 0 THEN
        PERFORM clearway_check_old('ambulance_feedback', before);
    END IF;
    DELETE FROM ambulance_feedback WHERE id = ANY (chosen);
    RETURN cardinality(chosen);
END $$;

REVOKE ALL ON FUNCTION clearway_forget_findings, clearway_forget_feedback FROM PUBLIC;
"""

GUARD = """
CREATE TRIGGER {table}_insert_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION {keeps}();
CREATE TRIGGER {table}_never_truncated BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION clearway_refuse_change();
"""


def guard(table: str, keeps: str) -> migrations.RunSQL:
    return migrations.RunSQL(GUARD.format(table=table, keeps=keeps), migrations.RunSQL.noop)


class Migration(migrations.Migration):
    dependencies = [("ambulance", "0004_records"), ("core", "0003_guards")]

    operations = [
        migrations.RunSQL(WORDS, migrations.RunSQL.noop),
        guard("ambulance_findingword", "clearway_keep_findings"),
        guard("ambulance_feedback", "clearway_keep_findings"),
        guard("ambulance_handovermonth", "clearway_refuse_change"),
    ]
