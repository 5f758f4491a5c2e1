"""Triggers that make PostgreSQL itself refuse a change, as migration operations of plain SQL."""

from django.db import migrations

FUNCTION = """
    CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF {when} THEN
            RAISE EXCEPTION '{words}' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = '{name}';
        END IF;
        RETURN {answer};
    END $$;
"""
ROW_TRIGGER = "CREATE TRIGGER {name} BEFORE {on} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}();"
STATEMENT_TRIGGER = (
    "CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {rows} TABLE AS touched"
    " FOR EACH STATEMENT EXECUTE FUNCTION {name}();"
)


def refuse(*, name: str, table: str, when: str, words: str, on: str = "UPDATE OR DELETE") -> migrations.RunSQL:
    """Refuse the change of any row for which `when` (SQL over OLD and NEW) holds.

    `name` is a sentence, as a constraint's is; `words` are what the person who tried reads.
    """
    function = FUNCTION.format(name=name, when=when, words=_quoted(words), answer="COALESCE(NEW, OLD)")
    return _operation(name, table, function + ROW_TRIGGER.format(name=name, on=on, table=table))


def refuse_statement(
    *, name: str, table: str, event: str, when: str, words: str, rows: str = "NEW"
) -> migrations.RunSQL:
    """Refuse a whole statement if `when` (SQL over the `rows` it touched, NEW or OLD, named `touched`) holds.

    Checked once per statement, so that a COPY of a million rows pays for one look-up and not for a million.
    """
    function = FUNCTION.format(name=name, when=when, words=_quoted(words), answer="NULL")
    return _operation(name, table, function + STATEMENT_TRIGGER.format(name=name, event=event, table=table, rows=rows))


def _operation(name: str, table: str, sql: str) -> migrations.RunSQL:
    return migrations.RunSQL(sql, f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();")


def _quoted(words: str) -> str:
    return words.replace("'", "''").replace("%", "%%")
