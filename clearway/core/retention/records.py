"""SQL for what is written once: nobody changes or deletes it, and it goes whole when its period is over."""

KEEP = """
-- Insert-only, but for the functions that let go of what is past its period: they alone set this.
CREATE FUNCTION clearway_keep_records() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('clearway.forgetting', true) = 'records' THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    RAISE EXCEPTION '% is insert-only: write a new row that supersedes', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""


def kept(*tables: str) -> str:
    """Triggers that keep the rows of these tables as they were written."""
    return "\n".join(
        f"CREATE TRIGGER {table}_insert_only BEFORE UPDATE OR DELETE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION clearway_keep_records();\n"
        f"CREATE TRIGGER {table}_never_truncated BEFORE TRUNCATE ON {table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION clearway_refuse_change();"
        for table in tables
    )


def remover(
    name: str,
    table: str,
    *,
    first: str,
    last: str,
    over: str = "TRUE",
    corrected: bool = True,
    parts: tuple[str, ...] = (),
) -> str:
    """The function clearway_forget_<name>, which lets rows go that ended before an instant.

    first, last, over  SQL over the table as `t`: when what a row stands for began and ended, and whether it
                       may go at all
    corrected          whether rows supersede one another
    parts              statements that delete what belongs to the rows `chosen`, before them
    Whoever asks, what is younger than a year or under a legal hold is refused. A row that corrects one that
    goes stays, without the reference.
    """
    if corrected:
        parts = (*parts, f"UPDATE {table} SET supersedes_id = NULL WHERE supersedes_id = ANY (chosen)")
    return f"""
CREATE FUNCTION clearway_forget_{name}(trust bigint, before timestamptz, most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET clearway.forgetting = 'records' AS $$
DECLARE
    chosen bigint[];
BEGIN
    chosen := ARRAY(SELECT t.id FROM {table} t WHERE t.organisation_id = trust AND {over}
        AND {last} < before AND NOT clearway_is_held(trust, {first}, {last}) ORDER BY t.id LIMIT most);
    IF cardinality(chosen) > 0 THEN
        PERFORM clearway_check_old('{table}', before);
    END IF;
    {" ".join(f"{part};" for part in parts)}
    DELETE FROM {table} WHERE id = ANY (chosen);
    RETURN cardinality(chosen);
END $$;
REVOKE ALL ON FUNCTION clearway_forget_{name} FROM PUBLIC;
"""
