"""Steps at a barrier and answers to proposed moves are written once, and how both go after their period."""

from django.db import migrations

from clearway.core.retention.records import kept, remover

BARRIERS = remover(
    "barriers",
    "ambulance_barrier",
    first="t.since",
    last="(SELECT COALESCE(max(s.at), t.opened_at) FROM ambulance_barrierstep s WHERE s.of_id = t.id)",
    over="NOT EXISTS (SELECT FROM ambulance_aid a WHERE a.promised_to_id = t.id)",
    corrected=False,
    parts=("DELETE FROM ambulance_barrierstep WHERE of_id = ANY (chosen)",),
)
MOVES = remover(
    "cover_moves",
    "ambulance_cover_move",
    first="t.decided_at",
    last="COALESCE(t.ended_at, t.decided_at)",
    over="t.state IN ('refused', 'ended')",
    corrected=False,
)
# Of a move only what becomes of it is added, and that once.
ANSWERS = """
CREATE FUNCTION clearway_keep_move() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    later text[] := ARRAY['state', 'arrived_at', 'ended_at', 'how', 'cause', 'came'];
BEGIN
    IF current_setting('clearway.forgetting', true) = 'records' THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' OR OLD.state IN ('refused', 'ended') OR to_jsonb(NEW) - later <> to_jsonb(OLD) - later
        OR (OLD.arrived_at IS NOT NULL AND NEW.arrived_at IS DISTINCT FROM OLD.arrived_at) THEN
        RAISE EXCEPTION 'ambulance_cover_move is insert-only: what was answered stays as it is'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ambulance_cover_move_kept BEFORE UPDATE OR DELETE ON ambulance_cover_move
    FOR EACH ROW EXECUTE FUNCTION clearway_keep_move();
CREATE TRIGGER ambulance_cover_move_never_truncated BEFORE TRUNCATE ON ambulance_cover_move
    FOR EACH STATEMENT EXECUTE FUNCTION clearway_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("ambulance", "0006_command"), ("core", "0003_guards")]

    operations = [
        migrations.RunSQL(kept("ambulance_barrierstep"), migrations.RunSQL.noop),
        migrations.RunSQL(BARRIERS, migrations.RunSQL.noop),
        migrations.RunSQL(ANSWERS, migrations.RunSQL.noop),
        migrations.RunSQL(MOVES, migrations.RunSQL.noop),
    ]
