"""The append-only tables of the ambulance desk, partitioned by time."""

from django.db import migrations

FACTS = """
CREATE FUNCTION clearway_keep_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Only clearway_forget_facts sets this, which looks at their age.
    IF TG_OP = 'DELETE' AND current_setting('clearway.forgetting', true) = 'facts' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% is insert-only: write a new row that supersedes', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TABLE ambulance_fact (
    id bigint GENERATED ALWAYS AS IDENTITY,
    known_at timestamptz NOT NULL,
    occurred_at timestamptz NOT NULL,
    organisation_id bigint NOT NULL REFERENCES core_organisation,
    source varchar(60) NOT NULL,
    message_id varchar(120) NOT NULL,
    batch_id bigint,
    stream varchar(200) NOT NULL,
    event jsonb NOT NULL,
    xid bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    PRIMARY KEY (known_at, id)
) PARTITION BY RANGE (known_at);
CREATE INDEX ambulance_fact_stream ON ambulance_fact (organisation_id, stream);
CREATE INDEX ambulance_fact_xid ON ambulance_fact (organisation_id, xid);
CREATE TABLE ambulance_fact_default PARTITION OF ambulance_fact DEFAULT;
CREATE TRIGGER ambulance_fact_insert_only BEFORE UPDATE OR DELETE ON ambulance_fact
    FOR EACH ROW EXECUTE FUNCTION clearway_keep_facts();
CREATE TRIGGER ambulance_fact_never_truncated BEFORE TRUNCATE ON ambulance_fact
    FOR EACH STATEMENT EXECUTE FUNCTION clearway_refuse_change();
"""

POSITIONS = """
CREATE TABLE ambulance_position (
    occurred_at timestamptz NOT NULL,
    organisation_id bigint NOT NULL REFERENCES core_organisation,
    call_sign varchar(80) NOT NULL,
    latitude double precision NOT NULL,
    longitude double precision NOT NULL,
    speed_kmh double precision,
    source varchar(60) NOT NULL,
    known_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, call_sign, occurred_at)
) PARTITION BY RANGE (occurred_at);
CREATE TABLE ambulance_position_default PARTITION OF ambulance_position DEFAULT;
"""


# The workers may add a partition of these tables, though they own none of them.
PARTITIONS = """
CREATE FUNCTION clearway_add_partition(parent text, name text, start_at date, end_at date)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF parent NOT IN ('ambulance_fact', 'ambulance_position') OR NOT starts_with(name, parent || '_') THEN
        RAISE EXCEPTION '% is not a partition of a table that grows', name;
    END IF;
    EXECUTE format(
        'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', name, parent, start_at, end_at
    );
END $$;
REVOKE ALL ON FUNCTION clearway_add_partition FROM PUBLIC;
"""

# The workers may let go of what is old, though they may delete nothing. Whatever a policy says, and whoever
# asks, facts of the last year, positions of the last day and what is under a legal hold are refused. What
# these functions are asked to let go of is decided by clearway/desks/ambulance/retention.py.
RETENTION = r"""
CREATE FUNCTION clearway_check_old(parent text, instant timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF instant > now() - (CASE parent WHEN 'ambulance_position' THEN '1 day' ELSE '1 year' END)::interval THEN
        RAISE EXCEPTION '% until % is too young to be let go', parent, instant
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
END $$;

CREATE FUNCTION clearway_check_piece(name text, attached boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF name !~ '^ambulance_(fact_[0-9]{6}|position_[0-9]{8})$'
        OR (SELECT relispartition FROM pg_class WHERE oid = to_regclass(name)) IS DISTINCT FROM attached
    THEN
        RAISE EXCEPTION '% is not a piece of a table that grows', name;
    END IF;
END $$;

-- Whether a trust holds any row of a piece.
CREATE FUNCTION clearway_has_held(name text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    held boolean;
BEGIN
    EXECUTE format(
        'SELECT EXISTS (SELECT FROM %1$I p JOIN core_legalhold h ON h.organisation_id = p.organisation_id'
        '  AND h.released_at IS NULL AND p.%2$I >= h.known_from'
        '  AND (h.known_until IS NULL OR p.%2$I < h.known_until))',
        name, CASE WHEN starts_with(name, 'ambulance_position') THEN 'occurred_at' ELSE 'known_at' END
    ) INTO held;
    RETURN held;
END $$;

-- Take a whole partition out of its table. Trusts share it: a hold of any trust on its span keeps it whole.
-- Facts of calls and jobs that also have facts outside of it are carried into the default partition, so that
-- no stream is left in halves; returns how many.
CREATE FUNCTION clearway_detach_partition(name text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    parent text;
    start_at timestamptz;
    end_at timestamptz;
    carried bigint := 0;
BEGIN
    PERFORM clearway_check_piece(name, true);
    SELECT inhparent::regclass::text, (regexp_match(bound, 'FROM \(''([^'']+)'))[1],
            (regexp_match(bound, 'TO \(''([^'']+)'))[1]
        INTO parent, start_at, end_at
        FROM pg_inherits JOIN pg_class ON oid = inhrelid, pg_get_expr(relpartbound, oid) AS bound
        WHERE inhrelid = to_regclass(name);
    PERFORM clearway_check_old(parent, end_at);
    IF EXISTS (SELECT FROM core_legalhold h WHERE h.released_at IS NULL AND h.known_from < end_at
            AND (h.known_until IS NULL OR h.known_until > start_at)) THEN
        RAISE EXCEPTION '% is under a legal hold', name USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF parent = 'ambulance_fact' THEN
        EXECUTE format(
            'CREATE TEMP TABLE clearway_carried ON COMMIT DROP AS SELECT p.* FROM %1$I p'
            ' WHERE p.stream !~ ''^(resource|hospital):'' AND EXISTS (SELECT FROM ambulance_fact f'
            '  WHERE f.organisation_id = p.organisation_id AND f.stream = p.stream'
            '  AND f.tableoid <> %1$L::regclass)', name);
    END IF;
    EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', parent, name);
    EXECUTE format('GRANT SELECT ON %I TO %I', name, session_user);
    IF parent = 'ambulance_fact' THEN
        INSERT INTO ambulance_fact (id, known_at, occurred_at, organisation_id, source, message_id, batch_id,
            stream, event, xid) OVERRIDING SYSTEM VALUE
            SELECT id, known_at, occurred_at, organisation_id, source, message_id, batch_id,
                stream, event, xid
            FROM clearway_carried;
        GET DIAGNOSTICS carried = ROW_COUNT;
        DROP TABLE clearway_carried;
    END IF;
    RETURN carried;
END $$;

-- The end of a piece. A hold may have come since it was detached: what one trust holds of it keeps it whole,
-- and no hold comes between this look and the end.
CREATE FUNCTION clearway_drop_detached(name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM clearway_check_piece(name, false);
    LOCK TABLE core_legalhold IN SHARE MODE;
    IF clearway_has_held(name) THEN
        RAISE EXCEPTION '% is under a legal hold', name USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    EXECUTE format('DROP TABLE %I', name);
END $$;

-- Streams of which no fact is as young as an instant, none is held and none lies in a partition; and of a
-- resource or a hospital, which are never over, the facts before the instant. Returns each stream with the
-- facts that went.
CREATE FUNCTION clearway_forget_facts(trust bigint, before timestamptz, most integer)
RETURNS TABLE (forgotten text, facts bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET clearway.forgetting = 'facts' AS $$
BEGIN
    PERFORM clearway_check_old('ambulance_fact', before);
    RETURN QUERY WITH chosen AS (
        SELECT DISTINCT d.stream FROM ambulance_fact_default d
        WHERE d.organisation_id = trust AND d.known_at < before
            AND (d.stream ~ '^(resource|hospital):' OR NOT EXISTS (
                SELECT FROM ambulance_fact f WHERE f.organisation_id = trust AND f.stream = d.stream
                    AND (f.known_at >= before OR f.tableoid <> 'ambulance_fact_default'::regclass)))
            AND NOT EXISTS (
                SELECT FROM ambulance_fact_default f JOIN core_legalhold h ON h.organisation_id = trust
                    AND h.released_at IS NULL AND f.known_at >= h.known_from
                    AND (h.known_until IS NULL OR f.known_at < h.known_until)
                WHERE f.organisation_id = trust AND f.stream = d.stream AND f.known_at < before)
        LIMIT most
    ), gone AS (
        DELETE FROM ambulance_fact_default d USING chosen
        WHERE d.organisation_id = trust AND d.stream = chosen.stream AND d.known_at < before
        RETURNING d.stream
    )
    SELECT gone.stream::text, count(*) FROM gone GROUP BY 1;
END $$;

-- What hospitals said of themselves before an instant, wherever it lies; what is held stays. Returns each
-- stream with the facts that went.
CREATE FUNCTION clearway_forget_reports(trust bigint, before timestamptz, most integer)
RETURNS TABLE (forgotten text, facts bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET clearway.forgetting = 'facts' AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM ambulance_fact f
            WHERE f.organisation_id = trust AND f.stream ~ '^hospital:' AND f.known_at < before) THEN
        RETURN;
    END IF;
    PERFORM clearway_check_old('ambulance_fact', before);
    RETURN QUERY WITH chosen AS (
        SELECT f.known_at, f.id FROM ambulance_fact f
        WHERE f.organisation_id = trust AND f.stream ~ '^hospital:' AND f.known_at < before
            AND NOT clearway_is_held(trust, f.known_at, f.known_at)
        LIMIT most
    ), gone AS (
        DELETE FROM ambulance_fact f USING chosen
        WHERE f.known_at = chosen.known_at AND f.id = chosen.id
        RETURNING f.stream
    )
    SELECT gone.stream::text, count(*) FROM gone GROUP BY 1;
END $$;

CREATE FUNCTION clearway_forget_positions(before timestamptz, most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    gone bigint;
BEGIN
    PERFORM clearway_check_old('ambulance_position', before);
    DELETE FROM ambulance_position_default WHERE ctid = ANY (ARRAY(
        SELECT p.ctid FROM ambulance_position_default p WHERE p.occurred_at < before AND NOT EXISTS (
            SELECT FROM core_legalhold h WHERE h.organisation_id = p.organisation_id AND h.released_at IS NULL
                AND p.occurred_at >= h.known_from
                AND (h.known_until IS NULL OR p.occurred_at < h.known_until))
        LIMIT most));
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;

REVOKE ALL ON FUNCTION clearway_detach_partition, clearway_drop_detached, clearway_forget_facts,
    clearway_forget_positions, clearway_forget_reports FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [("ambulance", "0001_tables"), ("core", "0003_guards")]

    operations = [
        migrations.RunSQL(FACTS, "DROP TABLE ambulance_fact"),
        migrations.RunSQL(POSITIONS, "DROP TABLE ambulance_position"),
        migrations.RunSQL(PARTITIONS, "DROP FUNCTION clearway_add_partition"),
        migrations.RunSQL(RETENTION, migrations.RunSQL.noop),
    ]
