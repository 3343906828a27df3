"""What is kept of outpatients goes by these functions and in no other way, when it is old and not held.

As in the ambulance desk's migrations: whoever asks, and whatever a policy says, what is younger than a year,
under a legal hold or still needed is refused. `clearway_<kind>_until` says of each thing of a kind that began
before an instant and is over when it began, when the last of it was, and whether its patient is held.
"""

from django.db import migrations

PEOPLE = """
-- A hold on one patient holds every record that is merged with theirs.
CREATE FUNCTION clearway_patient_is_held(patient bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM outpatients_patient_hold h
        JOIN outpatients_patient held ON held.id = h.patient_id
        JOIN outpatients_patient p ON p.id = patient
        WHERE h.released_at IS NULL
            AND COALESCE(held.merged_into_id, held.id) = COALESCE(p.merged_into_id, p.id))
$$;

-- Whether anything of a patient's record is open, or happened at an instant or later. A child's record is
-- kept to the 25th birthday, or to the 26th of who was 17 when last seen (NHS Records Management Code of
-- Practice).
CREATE FUNCTION clearway_patient_is_needed(patient bigint, before timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM outpatients_patient p WHERE p.id = patient AND (
            p.registered_at >= before OR p.died_on >= before OR p.born_on + interval '26 years' > now()
            AND (p.born_on + interval '25 years' > now() OR EXISTS (
                SELECT FROM outpatients_appointment a
                WHERE a.patient_id = p.id AND a.ends_at >= p.born_on + interval '17 years'))))
        OR EXISTS (SELECT FROM outpatients_referral r WHERE r.patient_id = patient AND (
            r.state IN ('triage', 'held', 'waiting') OR r.registered_at >= before OR r.removed_on >= before))
        OR EXISTS (SELECT FROM outpatients_entry e WHERE e.patient_id = patient AND (
            e.state IN ('waiting', 'booked') OR e.added_at >= before OR e.ended_at >= before))
        OR EXISTS (SELECT FROM outpatients_pathway w WHERE w.patient_id = patient
            AND w.state IN ('ticking', 'unknown_start', 'monitoring'))
        OR EXISTS (SELECT FROM outpatients_clock_event v JOIN outpatients_pathway w ON w.id = v.pathway_id
            WHERE w.patient_id = patient AND v.recorded_at >= before)
        OR EXISTS (SELECT FROM outpatients_appointment a WHERE a.patient_id = patient AND (
            a.state IN ('held', 'booked', 'arrived') OR a.ends_at >= before OR a.cancelled_at >= before
            OR a.outcomed_at >= before))
        OR EXISTS (SELECT FROM outpatients_on_request q
            JOIN outpatients_appointment a ON a.id = q.appointment_id
            WHERE a.patient_id = patient AND q.taken_back_at IS NULL AND (
                q.entry_id IS NULL AND q.ended_at IS NULL OR GREATEST(q.asked_at, q.ended_at) >= before))
        OR EXISTS (SELECT FROM outpatients_miss m JOIN outpatients_appointment a ON a.id = m.appointment_id
            WHERE a.patient_id = patient AND m.decided_at IS NULL AND m.taken_back_at IS NULL)
        OR EXISTS (SELECT FROM outpatients_contact c WHERE c.patient_id = patient
            AND GREATEST(c.at, c.outcome_at) >= before)
        OR EXISTS (SELECT FROM outpatients_letter l JOIN core_outgoing o ON o.id = l.outgoing_id
            WHERE l.patient_id = patient AND (
                o.state IN ('queued', 'ready', 'held', 'sending')
                OR GREATEST(o.since, l.sealed_at) >= before))
        OR EXISTS (SELECT FROM outpatients_message m JOIN core_outgoing o ON o.id = m.outgoing_id
            WHERE m.patient_id = patient AND (
                o.state IN ('queued', 'ready', 'held', 'sending')
                OR GREATEST(o.since, m.sealed_at) >= before))
        OR EXISTS (SELECT FROM outpatients_answer n WHERE n.patient_id = patient
            AND (n.done_at IS NULL OR n.heard_at >= before))
        OR EXISTS (SELECT FROM outpatients_filing f JOIN outpatients_document d ON d.id = f.document_id
            WHERE f.patient_id = patient AND GREATEST(d.taken_at, f.filed_at, f.taken_back_at) >= before)
        OR EXISTS (SELECT FROM outpatients_enquiry q WHERE q.patient_id = patient
            AND (q.closed_at IS NULL OR q.closed_at >= before))
        OR EXISTS (SELECT FROM outpatients_records_request q WHERE q.patient_id = patient
            AND (q.closed_at IS NULL OR q.closed_at >= before))
        OR EXISTS (SELECT FROM outpatients_rectification q WHERE q.patient_id = patient
            AND (q.decided_at IS NULL OR q.decided_at >= before OR EXISTS (
                SELECT FROM outpatients_rectification_recipient r
                WHERE r.rectification_id = q.id AND r.told_at IS NULL)))
        OR EXISTS (SELECT FROM outpatients_loan n WHERE n.patient_id = patient
            AND (n.ended_at IS NULL OR n.ended_at >= before))
        OR EXISTS (SELECT FROM outpatients_slot_offer o WHERE o.patient_id = patient
            AND (o.state = 'out' OR o.made_at >= before))
$$;

-- Patients whose record is past an instant: no record of the person, merged ones included, is needed.
CREATE FUNCTION clearway_patients_past(trust bigint, before timestamptz)
RETURNS TABLE (id bigint, is_held boolean) LANGUAGE sql STABLE AS $$
    SELECT p.id, clearway_patient_is_held(p.id) FROM outpatients_patient p
    WHERE p.organisation_id = trust AND p.registered_at < before
        AND NOT clearway_patient_is_needed(p.id, before)
        AND NOT EXISTS (SELECT FROM outpatients_patient m
            WHERE m.id <> p.id AND (m.id = p.merged_into_id OR m.merged_into_id = p.id
                OR m.merged_into_id = p.merged_into_id)
            AND clearway_patient_is_needed(m.id, before))
$$;
"""

LIFTING = """
-- The one way in which a desk lifts a hold: somebody asked, and somebody else does it.
CREATE FUNCTION clearway_lift_hold(hold bigint, lifter text, lifted_at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE outpatients_patient_hold SET released_at = lifted_at, released_by = lifter
    WHERE id = hold AND released_at IS NULL AND lift_asked_at IS NOT NULL AND lift_asked_by <> lifter
        AND lifter <> '';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'hold % is lifted by somebody other than who asked for it', hold
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
END $$;
REVOKE ALL ON FUNCTION clearway_lift_hold FROM PUBLIC;

-- What was placed stays as it was placed, and what was lifted stays lifted.
CREATE FUNCTION clearway_holds_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.patient_id, NEW.reason, NEW.placed_at, NEW.placed_by)
            IS DISTINCT FROM (OLD.patient_id, OLD.reason, OLD.placed_at, OLD.placed_by)
        OR OLD.released_at IS NOT NULL THEN
        RAISE EXCEPTION 'a hold is never rewritten: place another'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER outpatients_patient_hold_stays BEFORE UPDATE ON outpatients_patient_hold
    FOR EACH ROW EXECUTE FUNCTION clearway_holds_stay();
"""

# Kind -> its view: id, first_at, last_at, is_held of what began before `before` and is over.
VIEWS = {
    "letters": """
    SELECT l.id, o.queued_at, GREATEST(o.since, l.sealed_at), p.is_held
    FROM clearway_patients_past(trust, before) p
    JOIN outpatients_letter l ON l.patient_id = p.id JOIN core_outgoing o ON o.id = l.outgoing_id
""",
    # A number's whole conversation, once everybody it was with is past.
    "conversations": """
    SELECT v.id, v.began_at, v.last_at, v.is_held FROM (
        SELECT c.id, min(t.at) AS began_at, max(t.at) AS last_at,
            COALESCE(bool_or(clearway_patient_is_held(t.patient_id)), false) AS is_held,
            bool_and(t.is_over) AS is_over,
            bool_and(t.patient_id IS NULL OR t.patient_id IN (
                SELECT p.id FROM clearway_patients_past(trust, before) p)) AS is_past
        FROM outpatients_conversation c
        JOIN (
            SELECT m.conversation_id, GREATEST(m.made_at, o.since) AS at, m.patient_id,
                o.state NOT IN ('queued', 'ready', 'held', 'sending') AS is_over
            FROM outpatients_message m JOIN core_outgoing o ON o.id = m.outgoing_id
            UNION ALL
            SELECT a.conversation_id, a.heard_at, a.patient_id, a.done_at IS NOT NULL
            FROM outpatients_answer a
        ) t ON t.conversation_id = c.id
        WHERE c.organisation_id = trust AND c.waits_since IS NULL
        GROUP BY c.id
    ) v WHERE v.is_over AND v.is_past AND v.began_at < before
""",
    # Emails, which have no conversation.
    "emails": """
    SELECT m.id, o.queued_at, GREATEST(o.since, m.sealed_at), p.is_held
    FROM clearway_patients_past(trust, before) p
    JOIN outpatients_message m ON m.patient_id = p.id JOIN core_outgoing o ON o.id = m.outgoing_id
    WHERE m.conversation_id IS NULL
""",
    # One that a letter is of goes after it; one that shows notice of a missed appointment stays with that.
    "contacts": """
    SELECT c.id, c.at, GREATEST(c.at, c.outcome_at), p.is_held
    FROM clearway_patients_past(trust, before) p JOIN outpatients_contact c ON c.patient_id = p.id
    WHERE NOT EXISTS (SELECT FROM outpatients_letter l WHERE l.contact_id = c.id)
        AND NOT EXISTS (SELECT FROM outpatients_message t WHERE t.contact_id = c.id)
        AND NOT EXISTS (SELECT FROM outpatients_miss m WHERE m.notice_id = c.id OR m.contact_id = c.id)
""",
    "documents": """
    SELECT d.id, d.taken_at, max(GREATEST(d.taken_at, f.filed_at, f.taken_back_at)),
        bool_or(clearway_patient_is_held(f.patient_id))
    FROM outpatients_document d JOIN outpatients_filing f ON f.document_id = d.id
    WHERE d.organisation_id = trust AND d.taken_at < before AND EXISTS (
        SELECT FROM outpatients_filing stands JOIN clearway_patients_past(trust, before) p
            ON p.id = stands.patient_id
        WHERE stands.document_id = d.id AND stands.taken_back_at IS NULL)
    GROUP BY d.id
""",
    "documents_aside": """
    SELECT d.id, d.taken_at, d.put_aside_at, EXISTS (SELECT FROM outpatients_filing f
        WHERE f.document_id = d.id AND clearway_patient_is_held(f.patient_id))
    FROM outpatients_document d
    WHERE d.organisation_id = trust AND d.put_aside_at < before
""",
    "disclosure_packs": """
    SELECT k.id, q.received_on::timestamptz, GREATEST(q.closed_at, k.made_at),
        clearway_patient_is_held(q.patient_id)
    FROM outpatients_disclosure_pack k JOIN outpatients_records_request q ON q.id = k.request_id
    WHERE q.organisation_id = trust AND q.closed_at < before
""",
    "given_files": """
    SELECT g.id, g.given_at, g.closed_at, EXISTS (
        SELECT FROM jsonb_array_elements(g.results) line
        JOIN outpatients_referral r ON r.id = (line ->> 'referral_id')::bigint
        WHERE clearway_patient_is_held(r.patient_id))
    FROM outpatients_givenfile g
    WHERE g.organisation_id = trust AND g.closed_at < before
""",
    "sent_reports": """
    SELECT s.id, o.queued_at, GREATEST(o.since, s.sealed_at, s.read_at), false
    FROM outpatients_report_sent s JOIN core_outgoing o ON o.id = s.outgoing_id
    WHERE o.organisation_id = trust AND o.queued_at < before
        AND o.state NOT IN ('queued', 'ready', 'held', 'sending')
""",
    # A risk is of use until its visit is over and what became of it was compared with it.
    "attendance_scores": """
    SELECT s.id, s.scored_at, GREATEST(s.looked_at, s.ended_at, a.ends_at),
        clearway_patient_is_held(a.patient_id)
    FROM outpatients_attendance_score s JOIN outpatients_appointment a ON a.id = s.appointment_id
    WHERE s.organisation_id = trust AND s.scored_at < before
        AND a.ends_at < before AND a.state NOT IN ('held', 'booked', 'arrived')
""",
    # What another system was told, and the bytes of it: the record is the appointment's own.
    "tellings": """
    SELECT t.id, o.queued_at, GREATEST(o.since, t.acknowledged_at),
        COALESCE(clearway_patient_is_held(COALESCE(a.patient_id, w.patient_id)), false)
    FROM outpatients_telling t JOIN core_outgoing o ON o.id = t.outgoing_id
    LEFT JOIN outpatients_appointment a
        ON a.id = CASE WHEN t.subject LIKE 'appointment:%' THEN split_part(t.subject, ':', 2)::bigint END
    LEFT JOIN outpatients_pathway w
        ON w.id = CASE WHEN t.subject LIKE 'pathway:%' THEN split_part(t.subject, ':', 2)::bigint END
    WHERE o.organisation_id = trust AND o.queued_at < before
        AND o.state NOT IN ('queued', 'ready', 'held', 'sending')
""",
    # What a record is called elsewhere, as long as the record; what has none here, from when it was told.
    "counterparts": """
    SELECT c.id, c.told_at, GREATEST(c.told_at, c.answered_at),
        COALESCE(clearway_patient_is_held(c.patient), false)
    FROM (
        SELECT n.*, CASE n.kind WHEN 'patient' THEN n.ours
            WHEN 'referral' THEN (SELECT r.patient_id FROM outpatients_referral r WHERE r.id = n.ours)
            ELSE (SELECT a.patient_id FROM outpatients_appointment a WHERE a.id = n.ours) END AS patient
        FROM outpatients_counterpart n JOIN core_source s ON s.id = n.source_id
        WHERE s.organisation_id = trust AND n.told_at < before
    ) c WHERE c.ours IS NULL OR c.patient IN (SELECT p.id FROM clearway_patients_past(trust, before) p)
""",
    # A seat and what was given back because it was filled, under the first of them: they go together. While
    # anybody who was asked still waits, their answers count.
    "freed_slots": """
    WITH RECURSIVE chain AS (
        SELECT f.id, f.id AS root FROM outpatients_freed_slot f
        WHERE f.organisation_id = trust AND f.after_id IS NULL AND f.freed_at < before
        UNION ALL
        SELECT f.id, c.root FROM outpatients_freed_slot f JOIN chain c ON f.after_id = c.id
    )
    SELECT c.root, min(f.freed_at),
        max(GREATEST(f.freed_at, f.starts_at, f.ended_at, o.ended_at, o.told_at)),
        bool_or(clearway_patient_is_held(a.patient_id)
            OR o.id IS NOT NULL AND clearway_patient_is_held(o.patient_id))
    FROM chain c JOIN outpatients_freed_slot f ON f.id = c.id
    JOIN outpatients_appointment a ON a.id = f.appointment_id
    LEFT JOIN outpatients_slot_offer o ON o.freed_id = f.id
    LEFT JOIN outpatients_entry e ON e.id = o.entry_id
    LEFT JOIN outpatients_pathway w ON w.id = e.pathway_id
    GROUP BY c.root
    HAVING bool_and(f.state <> 'open' AND o.state IS DISTINCT FROM 'out')
        AND NOT bool_or(COALESCE(e.state IN ('waiting', 'booked'), false)
            OR COALESCE(w.state IN ('ticking', 'unknown_start', 'monitoring'), false))
""",
}

# Kind -> what goes with those that were chosen.
REMOVALS = {
    "letters": """
    DELETE FROM outpatients_letter_attached WHERE letter_id = ANY (chosen);
    WITH gone AS (DELETE FROM outpatients_letter l WHERE l.id = ANY (chosen) RETURNING l.outgoing_id)
    DELETE FROM core_outgoing o USING gone WHERE o.id = gone.outgoing_id;
""",
    "conversations": """
    UPDATE outpatients_conversation SET asks = '', question_id = NULL WHERE id = ANY (chosen);
    DELETE FROM outpatients_answer a WHERE a.conversation_id = ANY (chosen);
    DELETE FROM outpatients_reminder r USING outpatients_message m
        WHERE r.message_id = m.id AND m.conversation_id = ANY (chosen);
    WITH gone AS (
        DELETE FROM outpatients_message m WHERE m.conversation_id = ANY (chosen) RETURNING m.outgoing_id)
    DELETE FROM core_outgoing o USING gone WHERE o.id = gone.outgoing_id;
    DELETE FROM outpatients_conversation c WHERE c.id = ANY (chosen);
""",
    "emails": """
    DELETE FROM outpatients_reminder r WHERE r.message_id = ANY (chosen);
    WITH gone AS (DELETE FROM outpatients_message m WHERE m.id = ANY (chosen) RETURNING m.outgoing_id)
    DELETE FROM core_outgoing o USING gone WHERE o.id = gone.outgoing_id;
""",
    "contacts": "    DELETE FROM outpatients_contact c WHERE c.id = ANY (chosen);\n",
    "documents": """
    DELETE FROM outpatients_filing f WHERE f.document_id = ANY (chosen);
    DELETE FROM outpatients_document d WHERE d.id = ANY (chosen);
""",
    "disclosure_packs": "    DELETE FROM outpatients_disclosure_pack k WHERE k.id = ANY (chosen);\n",
    "given_files": "    DELETE FROM outpatients_givenfile g WHERE g.id = ANY (chosen);\n",
    "sent_reports": """
    WITH gone AS (DELETE FROM outpatients_report_sent s WHERE s.id = ANY (chosen) RETURNING s.outgoing_id)
    DELETE FROM core_outgoing o USING gone WHERE o.id = gone.outgoing_id;
""",
    "tellings": """
    WITH gone AS (DELETE FROM outpatients_telling t WHERE t.id = ANY (chosen) RETURNING t.outgoing_id)
    DELETE FROM core_outgoing o USING gone WHERE o.id = gone.outgoing_id;
""",
    "counterparts": "    DELETE FROM outpatients_counterpart c WHERE c.id = ANY (chosen);\n",
    "attendance_scores": "    DELETE FROM outpatients_attendance_score s WHERE s.id = ANY (chosen);\n",
    "freed_slots": """
    WITH RECURSIVE chain AS (
        SELECT f.id FROM outpatients_freed_slot f WHERE f.id = ANY (chosen)
        UNION ALL
        SELECT f.id FROM outpatients_freed_slot f JOIN chain c ON f.after_id = c.id
    ), texts AS (
        UPDATE outpatients_message m SET offer_id = NULL
        FROM outpatients_slot_offer o JOIN chain ON o.freed_id = chain.id WHERE m.offer_id = o.id
    ), offers AS (
        DELETE FROM outpatients_slot_offer o USING chain WHERE o.freed_id = chain.id
    )
    DELETE FROM outpatients_freed_slot f USING chain WHERE f.id = chain.id;
""",
}
REMOVALS["documents_aside"] = REMOVALS["documents"]

KEEP = """
CREATE FUNCTION clearway_only_let_go() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Only the functions clearway_forget_... set this, which look at age and holds.
    IF current_setting('clearway.forgetting', true) = 'outpatients' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% is kept until its period is over', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""
# Letters and reports that have left have triggers of their own.
KEPT = (
    "outpatients_contact",
    "outpatients_document",
    "outpatients_filing",
    "outpatients_disclosure_pack",
    "outpatients_givenfile",
    "outpatients_freed_slot",
    "outpatients_attendance_score",
    "outpatients_telling",
    "outpatients_counterpart",
    "outpatients_slot_offer",
    "outpatients_conversation",
    "outpatients_message",
    "outpatients_answer",
)
GUARD = """
CREATE TRIGGER {table}_only_let_go BEFORE DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION clearway_only_let_go();
"""
VIEW = """
CREATE FUNCTION clearway_{kind}_until(trust bigint, before timestamptz)
RETURNS TABLE (id bigint, first_at timestamptz, last_at timestamptz, is_held boolean)
LANGUAGE sql STABLE AS $$ {view} $$;
"""
REMOVER = """
CREATE FUNCTION clearway_forget_{kind}(trust bigint, before timestamptz, most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET clearway.forgetting = 'outpatients' AS $$
DECLARE
    chosen bigint[];
BEGIN
    -- No hold comes between this look and the end.
    LOCK TABLE core_legalhold, outpatients_patient_hold IN SHARE MODE;
    chosen := ARRAY(SELECT t.id FROM clearway_{kind}_until(trust, before) t
        WHERE t.last_at < before AND NOT t.is_held
            AND NOT clearway_is_held(trust, t.first_at, t.last_at) LIMIT most);
    IF cardinality(chosen) > 0 AND before > now() - interval '1 year' THEN
        RAISE EXCEPTION '{kind} until % are too young to be let go', before
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
{removal}    RETURN cardinality(chosen);
END $$;
REVOKE ALL ON FUNCTION clearway_forget_{kind} FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [("outpatients", "0005_reports"), ("core", "0003_guards")]

    operations = [
        migrations.RunSQL(PEOPLE, migrations.RunSQL.noop),
        migrations.RunSQL(KEEP, migrations.RunSQL.noop),
        migrations.RunSQL(LIFTING, migrations.RunSQL.noop),
        *(migrations.RunSQL(GUARD.format(table=table), migrations.RunSQL.noop) for table in KEPT),
        *(
            migrations.RunSQL(VIEW.format(kind=kind, view=view), migrations.RunSQL.noop)
            for kind, view in VIEWS.items()
        ),
        *(
            migrations.RunSQL(
                REMOVER.format(kind=kind, removal=REMOVALS[kind].lstrip("\n")), migrations.RunSQL.noop
            )
            for kind in VIEWS
        ),
    ]
