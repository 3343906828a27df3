"""What the database itself guarantees beyond the models: insert-only tables and commit order."""

from django.db import migrations

from clearway.core.organisation.own_rows import THEIRS, WHOSE, fenced
from clearway.core.retention.records import KEEP, kept, remover

INSERT_ONLY = (
    *("core_action", "core_seal", "core_onwardstep", "core_opening"),
    *("core_decision", "core_decision_told", "core_decision_note", "core_decision_export"),
)

REFUSE = """
CREATE FUNCTION clearway_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is insert-only: write a new row that supersedes', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""

# The functions of the desks that let go of what is past its period ask this before they do.
HELD = """
-- Whether a trust holds anything that lasted from one instant to another, both of them counted.
CREATE FUNCTION clearway_is_held(trust bigint, first_at timestamptz, last_at timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM core_legalhold h WHERE h.organisation_id = trust AND h.released_at IS NULL
        AND last_at >= h.known_from AND (h.known_until IS NULL OR first_at < h.known_until))
$$;
"""

# A screen on a wall that was taken off stays off, and one shows a place of its own trust.
SCREENS = """
CREATE FUNCTION clearway_screen_holds() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.taken_off_at IS NOT NULL THEN
        RAISE EXCEPTION 'a screen that was taken off stays off'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF EXISTS (SELECT FROM core_area WHERE id = NEW.area_id AND organisation_id <> NEW.organisation_id)
        OR EXISTS (SELECT FROM core_site WHERE id = NEW.site_id AND organisation_id <> NEW.organisation_id)
    THEN
        RAISE EXCEPTION 'a screen shows places of its own trust'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER core_screen_holds BEFORE INSERT OR UPDATE ON core_screen
    FOR EACH ROW EXECUTE FUNCTION clearway_screen_holds();
"""

# A row may be read in order once every transaction with a lower number has ended (see core/audit/seal.py).
COMMIT_ORDER = "ALTER TABLE core_action ALTER COLUMN xid SET DEFAULT pg_current_xact_id()::text::bigint;"


def guard(table: str) -> str:
    return f"""
    CREATE TRIGGER {table}_insert_only BEFORE UPDATE OR DELETE ON {table}
        FOR EACH ROW EXECUTE FUNCTION clearway_refuse_change();
    CREATE TRIGGER {table}_never_truncated BEFORE TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION clearway_refuse_change();
    """


CLOSED = "(SELECT max(s.at) FROM core_concern_step s WHERE s.of_id = t.id AND s.step = 'closed')"
CONCERNS = kept("core_concern", "core_concern_step") + remover(
    "concerns",
    "core_concern",
    first="t.at",
    last=CLOSED,
    corrected=False,
    parts=("DELETE FROM core_concern_step WHERE of_id = ANY (chosen)",),
)

# An answer goes with the batch that it answers, however the batch goes.
ANSWERS = """
ALTER TABLE core_answer ADD CONSTRAINT core_answer_of_its_batch
    FOREIGN KEY (batch_id) REFERENCES core_batch ON DELETE CASCADE;
"""
DUTIES = kept("core_duty_done") + remover(
    "duties", "core_duty_done", first="t.recorded_at", last="t.recorded_at", corrected=False
)

# Who a patient is that one trust asks another to take on: both see it.
OF_BOTH = f"""EXISTS (SELECT FROM core_onwardrequest r
    WHERE r.id = request_id AND (r.sender_id {THEIRS} OR r.receiver_id {THEIRS}))"""
OWN_ROWS = (
    fenced("core_onwardperson", OF_BOTH),
    fenced("core_decision"),
    fenced("core_concern"),
    fenced("core_opening"),
    fenced("core_outgoing"),
)


class Migration(migrations.Migration):
    dependencies = [("core", "0002_tables")]

    operations = [
        migrations.RunSQL(REFUSE, "DROP FUNCTION clearway_refuse_change"),
        migrations.RunSQL(KEEP, "DROP FUNCTION clearway_keep_records"),
        *(migrations.RunSQL(guard(table), migrations.RunSQL.noop) for table in INSERT_ONLY),
        migrations.RunSQL(HELD, "DROP FUNCTION clearway_is_held"),
        migrations.RunSQL(CONCERNS, migrations.RunSQL.noop),
        migrations.RunSQL(DUTIES, migrations.RunSQL.noop),
        migrations.RunSQL(COMMIT_ORDER, migrations.RunSQL.noop),
        migrations.RunSQL(WHOSE, "DROP FUNCTION clearway_whose_rows"),
        *(migrations.RunSQL(each, migrations.RunSQL.noop) for each in OWN_ROWS),
        migrations.RunSQL(SCREENS, "DROP FUNCTION clearway_screen_holds CASCADE"),
        migrations.RunSQL(ANSWERS, "ALTER TABLE core_answer DROP CONSTRAINT core_answer_of_its_batch"),
    ]
