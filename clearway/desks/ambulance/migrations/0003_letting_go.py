"""Letting go of advice, of diverts and of delays, which lie in several tables and go whole.

As in 0002_facts: whoever asks, what is younger than a year or under a legal hold is refused. The steps of a
divert, which nobody may delete, go with it and in no other way.
"""

from django.db import migrations

ADVICE = """
-- The jobs for which something was advised or rung before an instant and all of it is over, with when the
-- first and the last of it happened. An advice that stands has no last.
CREATE FUNCTION clearway_advice_until(trust bigint, before timestamptz)
RETURNS TABLE (assignment text, first_at timestamptz, last_at timestamptz) LANGUAGE sql STABLE AS $$
    WITH old AS (
        SELECT a.assignment FROM ambulance_advice a WHERE a.organisation_id = trust AND a.given_at < before
        UNION
        SELECT c.assignment FROM ambulance_call c WHERE c.organisation_id = trust AND c.offered_at < before
    ), happened AS (
        SELECT a.assignment, a.given_at AS first_at, COALESCE(a.ended_at, 'infinity') AS last_at
            FROM ambulance_advice a WHERE a.organisation_id = trust
        UNION ALL
        SELECT a.assignment, m.made_at,
                GREATEST(m.made_at, m.read_at, m.acknowledged_at, m.read_back_at, m.withdrawn_at)
            FROM ambulance_crewmessage m JOIN ambulance_advice a ON a.id = m.advice_id
            WHERE a.organisation_id = trust
        UNION ALL
        SELECT c.assignment, c.offered_at, COALESCE(c.answered_at, c.offered_at)
            FROM ambulance_call c WHERE c.organisation_id = trust
    )
    SELECT h.assignment::text, min(h.first_at), max(h.last_at) FROM happened h JOIN old USING (assignment)
    GROUP BY 1
$$;

CREATE FUNCTION clearway_forget_advice(trust bigint, before timestamptz, most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    jobs text[];
BEGIN
    jobs := ARRAY(SELECT t.assignment FROM clearway_advice_until(trust, before) t
        WHERE t.last_at < before AND NOT clearway_is_held(trust, t.first_at, t.last_at) LIMIT most);
    IF cardinality(jobs) > 0 THEN
        PERFORM clearway_check_old('ambulance_advice', before);
    END IF;
    DELETE FROM ambulance_crewmessage m USING ambulance_advice a
        WHERE a.id = m.advice_id AND a.organisation_id = trust AND a.assignment = ANY (jobs);
    DELETE FROM ambulance_advice WHERE organisation_id = trust AND assignment = ANY (jobs);
    DELETE FROM ambulance_call WHERE organisation_id = trust AND assignment = ANY (jobs);
    RETURN cardinality(jobs);
END $$;
"""

DIVERTS = """
CREATE FUNCTION clearway_keep_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Only clearway_forget_diverts sets this, which looks at their age.
    IF TG_OP = 'DELETE' AND current_setting('clearway.forgetting', true) = 'diverts' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% is insert-only: write a new row that supersedes', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER ambulance_divert_step_insert_only BEFORE UPDATE OR DELETE ON ambulance_divert_step
    FOR EACH ROW EXECUTE FUNCTION clearway_keep_steps();
CREATE TRIGGER ambulance_divert_step_never_truncated BEFORE TRUNCATE ON ambulance_divert_step
    FOR EACH STATEMENT EXECUTE FUNCTION clearway_refuse_change();

-- Diverts that were proposed before an instant and are over, with when the first and the last of each was.
CREATE FUNCTION clearway_diverts_until(trust bigint, before timestamptz)
RETURNS TABLE (id bigint, first_at timestamptz, last_at timestamptz) LANGUAGE sql STABLE AS $$
    SELECT d.id, d.proposed_at, GREATEST(d.proposed_at, d.ends_at, max(s.at))
    FROM ambulance_divert d LEFT JOIN ambulance_divert_step s ON s.divert_id = d.id
    WHERE d.organisation_id = trust AND d.proposed_at < before
        AND d.state IN ('ended', 'refused', 'expired', 'withdrawn')
    GROUP BY d.id
$$;

CREATE FUNCTION clearway_forget_diverts(trust bigint, before timestamptz, most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET clearway.forgetting = 'diverts' AS $$
DECLARE
    chosen bigint[];
BEGIN
    chosen := ARRAY(SELECT t.id FROM clearway_diverts_until(trust, before) t
        WHERE t.last_at < before AND NOT clearway_is_held(trust, t.first_at, t.last_at) LIMIT most);
    IF cardinality(chosen) > 0 THEN
        PERFORM clearway_check_old('ambulance_divert', before);
    END IF;
    DELETE FROM ambulance_divert_step WHERE divert_id = ANY (chosen);
    DELETE FROM ambulance_divert WHERE ambulance_divert.id = ANY (chosen);
    RETURN cardinality(chosen);
END $$;

REVOKE ALL ON FUNCTION clearway_forget_advice, clearway_forget_diverts FROM PUBLIC;
"""

DELAYS = """
CREATE FUNCTION clearway_keep_delay_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Only clearway_forget_delays sets this, which looks at their age.
    IF TG_OP = 'DELETE' AND current_setting('clearway.forgetting', true) = 'delays' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% is insert-only: write a new row that supersedes', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER ambulance_stackreport_insert_only BEFORE UPDATE OR DELETE ON ambulance_stackreport
    FOR EACH ROW EXECUTE FUNCTION clearway_keep_delay_words();
CREATE TRIGGER ambulance_stackreport_never_truncated BEFORE TRUNCATE ON ambulance_stackreport
    FOR EACH STATEMENT EXECUTE FUNCTION clearway_refuse_change();
CREATE TRIGGER ambulance_delayword_insert_only BEFORE UPDATE OR DELETE ON ambulance_delayword
    FOR EACH ROW EXECUTE FUNCTION clearway_keep_delay_words();
CREATE TRIGGER ambulance_delayword_never_truncated BEFORE TRUNCATE ON ambulance_delayword
    FOR EACH STATEMENT EXECUTE FUNCTION clearway_refuse_change();

-- Delays that began before an instant and are over, with when the first and the last of each was.
CREATE FUNCTION clearway_delays_until(trust bigint, before timestamptz)
RETURNS TABLE (id bigint, first_at timestamptz, last_at timestamptz) LANGUAGE sql STABLE AS $$
    SELECT d.id, d.began, GREATEST(d.ended_at, d.asked_at,
            (SELECT max(w.at) FROM ambulance_delayword w WHERE w.of_id = d.id),
            (SELECT max(r.at) FROM ambulance_stackreport r WHERE r.of_id = d.id))
    FROM ambulance_delay d
    WHERE d.organisation_id = trust AND d.began < before AND d.ended_at IS NOT NULL
$$;

CREATE FUNCTION clearway_forget_delays(trust bigint, before timestamptz, most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET clearway.forgetting = 'delays' AS $$
DECLARE
    chosen bigint[];
BEGIN
    chosen := ARRAY(SELECT t.id FROM clearway_delays_until(trust, before) t
        WHERE t.last_at < before AND NOT clearway_is_held(trust, t.first_at, t.last_at) LIMIT most);
    IF cardinality(chosen) > 0 THEN
        PERFORM clearway_check_old('ambulance_delay', before);
    END IF;
    DELETE FROM ambulance_delayword WHERE of_id = ANY (chosen);
    DELETE FROM ambulance_stackreport WHERE of_id = ANY (chosen);
    DELETE FROM ambulance_delay WHERE ambulance_delay.id = ANY (chosen);
    RETURN cardinality(chosen);
END $$;

REVOKE ALL ON FUNCTION clearway_forget_delays FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [("ambulance", "0002_facts"), ("core", "0003_guards")]

    operations = [
        migrations.RunSQL(ADVICE, migrations.RunSQL.noop),
        migrations.RunSQL(DIVERTS, migrations.RunSQL.noop),
        migrations.RunSQL(DELAYS, migrations.RunSQL.noop),
    ]
