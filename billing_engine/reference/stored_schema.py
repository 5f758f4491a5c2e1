"""The schema in PostgreSQL as text: the tables of the models, with their triggers and functions.

It is read from the system catalog in a fixed order, so two databases with the same schema give the same text. It leaves
out NOT NULL constraints (shown with the column) and the triggers that PostgreSQL creates for foreign keys.
"""

from collections import defaultdict
from collections.abc import Iterator

from django.apps import apps
from django.db import connection

from billing_engine.reference.dbml import LAYERS

HEADER = "-- Read from a freshly migrated database by `manage.py schema`. Do not edit.\n"

# Each returns the table and a line about it.
COLUMNS = """
    SELECT relname, format('    %s %s', attname, concat_ws(' ', format_type(atttypid, atttypmod),
               CASE WHEN attcollation <> typcollation THEN 'COLLATE ' || collname END,
               CASE WHEN attnotnull THEN 'NOT NULL' END,
               CASE attidentity WHEN 'd' THEN 'IDENTITY' WHEN 'a' THEN 'IDENTITY ALWAYS' END,
               CASE WHEN attgenerated = '' THEN 'DEFAULT ' ELSE 'GENERATED ' END || pg_get_expr(adbin, adrelid)))
      FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
      JOIN pg_type t ON t.oid = atttypid LEFT JOIN pg_collation ON pg_collation.oid = attcollation
      LEFT JOIN pg_attrdef ON adrelid = c.oid AND adnum = attnum
     WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname, attnum
"""
CONSTRAINTS = """
    SELECT relname, format('    CONSTRAINT %s %s', conname, pg_get_constraintdef(c.oid))
      FROM pg_constraint c JOIN pg_class t ON t.oid = conrelid
     WHERE relnamespace = 'public'::regnamespace AND contype <> 'n' ORDER BY conname COLLATE "C"
"""
INDEXES = """
    SELECT relname, '    ' || pg_get_indexdef(indexrelid) FROM pg_index i JOIN pg_class t ON t.oid = indrelid
     WHERE relnamespace = 'public'::regnamespace
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
     ORDER BY pg_get_indexdef(indexrelid) COLLATE "C"
"""
TRIGGERS = """
    SELECT relname, '    ' || pg_get_triggerdef(g.oid) FROM pg_trigger g JOIN pg_class t ON t.oid = tgrelid
     WHERE relnamespace = 'public'::regnamespace AND NOT tgisinternal ORDER BY tgname COLLATE "C"
"""
SEQUENCES = """
    SELECT relname, format('    SEQUENCE %s %s', seqrelid::regclass, concat_ws(' ', format_type(seqtypid, NULL),
               'START', seqstart, 'INCREMENT', seqincrement, 'FROM', seqmin, 'TO', seqmax, 'CACHE', seqcache,
               CASE WHEN seqcycle THEN 'CYCLE' END))
      FROM pg_sequence JOIN pg_depend ON objid = seqrelid AND classid = 'pg_class'::regclass AND deptype IN ('a', 'i')
      JOIN pg_class t ON t.oid = refobjid AND relkind = 'r'
     WHERE relnamespace = 'public'::regnamespace ORDER BY seqrelid::regclass::text COLLATE "C"
"""
PER_TABLE = (COLUMNS, CONSTRAINTS, INDEXES, TRIGGERS, SEQUENCES)
OTHERS = """
    SELECT format('EXTENSION %s', extname) FROM pg_extension WHERE extname <> 'plpgsql'
    UNION ALL
    SELECT format('COMMENT ON %s IS %L', pg_describe_object(classoid, objoid, objsubid), description) FROM pg_description
     WHERE classoid = 'pg_class'::regclass AND objoid IN
           (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
    UNION ALL
    SELECT format('VIEW %s AS%s', relname, pg_get_viewdef(oid)) FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')
    UNION ALL
    SELECT format('STATISTICS %s', pg_get_statisticsobjdef(oid)) FROM pg_statistic_ext
     WHERE stxnamespace = 'public'::regnamespace
    UNION ALL
    SELECT format('GRANT ON TABLE %s: %s', relname, relacl) FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relacl IS NOT NULL
    UNION ALL
    SELECT format('TYPE %s (%s) %s', typname, typtype, (SELECT concat_ws(' ', 'RANGE OF', format_type(rngsubtype, NULL),
               'COLLATE ' || collname) FROM pg_range JOIN pg_collation c ON c.oid = rngcollation WHERE rngtypid = t.oid))
      FROM pg_type t WHERE typnamespace = 'public'::regnamespace AND typtype IN ('d', 'e', 'r')
    ORDER BY 1
"""
# Without those that PostgreSQL creates with a type.
FUNCTIONS = """
    SELECT proname, pg_get_functiondef(oid) FROM pg_proc
     WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS
           (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype IN ('i', 'e'))
     ORDER BY proname COLLATE "C", 2
"""


def stored_schema() -> str:
    """Objects without a table, then our tables, then the functions."""
    of_table: dict[str, list[str]] = defaultdict(list)
    for question in PER_TABLE:
        for name, line in _rows(question):
            of_table[name].append(line)
    others = "\n".join(line for (line,) in _rows(OTHERS))
    tables = (f"TABLE {name}\n" + "\n".join(of_table[name]) for name in sorted(of_table) if name in _ours())
    return "\n\n".join((HEADER + others, *tables, *functions().values())).replace("\n\n\n", "\n\n").strip() + "\n"


def functions() -> dict[str, str]:
    """The statement that creates each function, by the function's name."""
    return {name: definition.strip() for name, definition in _rows(FUNCTIONS)}


def _ours() -> set[str]:
    models = (model for app in LAYERS for model in apps.get_app_config(app).get_models(include_auto_created=True))
    return {model._meta.db_table for model in models}


def _rows(question: str) -> Iterator[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(question)
        yield from cursor.fetchall()
