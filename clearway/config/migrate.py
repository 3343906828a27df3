"""Bring a database to the present: roles, migrations, rights. Safe to run again at any time."""

import hashlib
from pathlib import Path

import psycopg
from django.db import connection

from . import postgres
from .database import DATABASE

PACKAGE = Path(__file__).resolve().parents[1]


class OtherTables(Exception):
    """The database was made by a version with other tables; until the first release none is carried over."""

    def __str__(self) -> str:
        return (
            "This data was made by a version of Clearway with other tables, and until the first release none "
            "is carried over. Start over with: make demo FRESH=1 (or clearway demo --fresh); for a server of "
            "your own, give an empty database."
        )


# What the web role must not do to the append-only tables is refused to it here and by triggers for everyone.
# A desk may hold a patient's record and ask to lift that; a function lifts it and wants a second person.
# Holds of a span of time are placed and released by commands, as the owner. What lets go looks at both.
RIGHTS = f"""
GRANT USAGE ON SCHEMA public TO {postgres.WEB}, {postgres.INGEST};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {postgres.WEB};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {postgres.WEB};
REVOKE UPDATE, DELETE ON
    core_action,
    core_seal,
    core_look_review,
    core_opening,
    core_decision,
    core_decision_told,
    core_decision_note,
    core_decision_export,
    core_onwardstep,
    ambulance_fact,
    ambulance_position,
    ambulance_divert_step,
    core_concern,
    core_concern_step,
    core_duty_done,
    ambulance_contact,
    ambulance_desk_message,
    ambulance_desk_message_to,
    ambulance_desk_message_step,
    ambulance_safeguarding,
    ambulance_safeguarding_taken,
    ambulance_release,
    ambulance_hospitalfigure,
    ambulance_trustlevel,
    ambulance_actionanswer,
    ambulance_stackreport,
    ambulance_delayword,
    ambulance_sitrep,
    ambulance_sitrepaddendum,
    ambulance_meeting_pack,
    ambulance_shift_sheet,
    ambulance_shift_acceptance,
    ambulance_shift_word,
    ambulance_escalation_call,
    ambulance_call_line,
    ambulance_call_minutes,
    ambulance_major_incident,
    ambulance_barrierstep,
    ambulance_cover_move,
    outpatients_clock_event,
    outpatients_feedmapping,
    outpatients_triage
    FROM {postgres.WEB};
GRANT UPDATE (state, arrived_at, ended_at, how, cause, came) ON ambulance_cover_move TO {postgres.WEB};
REVOKE DELETE ON ambulance_actioncard, core_screen FROM {postgres.WEB};
REVOKE DELETE ON outpatients_letter, outpatients_report_sent, outpatients_contact, outpatients_document,
    outpatients_filing, outpatients_disclosure_pack, outpatients_givenfile, outpatients_freed_slot,
    outpatients_attendance_score, outpatients_telling, outpatients_counterpart,
    outpatients_slot_offer, outpatients_conversation, outpatients_message, outpatients_answer
    FROM {postgres.WEB};
REVOKE INSERT, UPDATE, DELETE ON core_legalhold FROM {postgres.WEB};
REVOKE UPDATE, DELETE ON outpatients_patient_hold FROM {postgres.WEB};
GRANT UPDATE (review_on, lift_asked_at, lift_asked_by, lift_why) ON outpatients_patient_hold
    TO {postgres.WEB};
GRANT SELECT ON core_source, core_organisation, core_heartbeat, django_migrations TO {postgres.INGEST};
GRANT EXECUTE ON FUNCTION clearway_add_partition, clearway_detach_partition, clearway_drop_detached,
    clearway_forget_facts, clearway_forget_positions, clearway_forget_reports, clearway_forget_advice,
    clearway_forget_diverts, clearway_forget_findings, clearway_forget_feedback,
    clearway_forget_letters, clearway_forget_contacts, clearway_forget_documents,
    clearway_forget_documents_aside, clearway_forget_disclosure_packs, clearway_forget_given_files,
    clearway_forget_sent_reports, clearway_forget_freed_slots, clearway_forget_conversations,
    clearway_forget_emails, clearway_forget_attendance_scores, clearway_forget_tellings,
    clearway_forget_counterparts,
    clearway_forget_desk_contacts, clearway_forget_concerns, clearway_forget_duties,
    clearway_forget_delays,
    clearway_forget_sitreps, clearway_forget_meeting_packs, clearway_forget_shift_sheets,
    clearway_forget_escalation_calls, clearway_forget_major_incidents,
    clearway_forget_hospital_figures, clearway_forget_trust_levels,
    clearway_forget_desk_messages, clearway_forget_safeguarding, clearway_forget_releases,
    clearway_forget_barriers, clearway_forget_cover_moves,
    clearway_lift_hold TO {postgres.WEB};
GRANT SELECT, INSERT ON core_batch TO {postgres.INGEST};
GRANT USAGE ON SEQUENCE core_batch_id_seq TO {postgres.INGEST};
"""


def prepare_embedded(sockets: str) -> None:
    """Make the roles and the database of the embedded server where they are missing."""
    with psycopg.connect(host=sockets, user=postgres.OWNER, dbname="postgres", autocommit=True) as link:
        for role in (postgres.WEB, postgres.INGEST):
            if not link.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                link.execute(f"CREATE ROLE {role} LOGIN")
        if not link.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            link.execute(f"CREATE DATABASE {DATABASE} OWNER {postgres.OWNER}")


def migrate() -> None:
    """Run the migrations, then grant the roles that exist their rights. Needs Django set up as owner.

    Raises OtherTables for a database that a version with other tables made.
    """
    from django.core.management import call_command

    if not _is_of_this_version():
        raise OtherTables
    call_command("migrate", verbosity=0, interactive=False)
    grant_rights()


def _is_of_this_version() -> bool:
    """Whether the database is empty or has the tables of this version; an empty one is marked as such first.

    The mark comes before the tables, so that a first start that is interrupted can be taken up again.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('clearway_tables'), to_regclass('django_migrations')")
        marked, begun = cursor.fetchone()
        if marked is None and begun is None:
            cursor.execute("CREATE TABLE clearway_tables AS SELECT %s::text AS digest", [tables_of_code()])
        elif marked is None:
            return False
        cursor.execute("SELECT digest FROM clearway_tables")
        return bool(cursor.fetchone()[0] == tables_of_code())


def tables_of_code() -> str:
    """A short digest of every migration of this version: other tables, other digest."""
    files = sorted(PACKAGE.glob("**/migrations/0*.py"))
    digest = hashlib.sha256()
    for file in files:
        # Not the line that says when it was generated.
        digest.update(b"\n".join(line for line in file.read_bytes().split(b"\n") if line[:1] != b"#"))
    return digest.hexdigest()[:16]


def grant_rights() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_roles WHERE rolname IN (%s, %s)", [postgres.WEB, postgres.INGEST]
        )
        if cursor.fetchone()[0] == 2:
            cursor.execute(RIGHTS)
