"""The append-only tables of the ambulance desk, partitioned by time."""

from django.db import migrations

FACTS = """
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
    FOR EACH ROW EXECUTE FUNCTION clearway_refuse_change();
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


class Migration(migrations.Migration):
    dependencies = [("ambulance", "0001_tables"), ("core", "0003_guards")]

    operations = [
        migrations.RunSQL(FACTS, "DROP TABLE ambulance_fact"),
        migrations.RunSQL(POSITIONS, "DROP TABLE ambulance_position"),
        migrations.RunSQL(PARTITIONS, "DROP FUNCTION clearway_add_partition"),
    ]
