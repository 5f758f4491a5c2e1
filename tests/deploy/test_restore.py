"""The backup in docs/deployment.md, as written: the restored data is the same, and just as protected."""

import os
import re
import subprocess
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
import psycopg2
import pytest

from billing_engine.local_servers.programs import postgres_programs
from tests.deploy.roles import CHECKOUT, Deployed, empty

pytestmark = pytest.mark.processes

AN_ISSUED_INVOICE = """
import django; django.setup()
from tests.factories.people import UserFactory
from tests.invoices.made import IN_SEPTEMBER, a_price, an_open_period, billed, issued, received
a_price("2.505")
period = an_open_period(code="ACME", name="Acme", tax_rate=10)
received(period, 1, 2)
received(period, 3, at=IN_SEPTEMBER)
received(period, 1, is_test=True)
issued(billed(period), UserFactory.create())
"""
A_PERSON_IS_BILLED = """
import django; django.setup()
from leads.domain.intake.receive import receive
from leads.models import BillingPeriod
from tests.factories.leads import ActionTypeFactory, CustomerFactory, ProductFactory, SourceFactory
from tests.factories.people import UserFactory
from tests.invoices.made import a_price, billed, issued
from tests.leads.people.conftest import NOW, OTHER, lead, sent
ActionTypeFactory.create(code="sample_order")
ProductFactory.create(sku="TILE", customer=CustomerFactory.create(code="ACME"))
a_price("2.505", once_per="person", once_days=30)
body = sent(lead("L-1"), lead("L-2", contact=OTHER), lead("L-3", actions=[{"id": "A-3", "type": "none"}]))
receive(SourceFactory.create(code="web"), body=body, content_type="application/json", received_at=NOW)
issued(billed(BillingPeriod.objects.get()), UserFactory.create())
"""
ERASED = """
import django; django.setup()
from leads.domain.people.erase import ERASURES, ask_erasure
from leads.domain.people.person import Person
from tests.leads.people.conftest import MARKER, NOW
erasure = ask_erasure(Person.given(email=MARKER["email"]), reason="Request 17", by=None, at=NOW)
while ERASURES.work(erasure.pk, at=NOW):
    pass
"""
FROZEN = ("pricing_charge", "invoices_invoice", "invoices_invoiceline")
CHECKS = (("check_invariants",), ("prove_period", "ACME", "2026-10"), ("wait_for_migrations", "--seconds", "5"))


def test_what_is_restored_is_the_same_to_the_last_row_proves_the_same_and_is_as_frozen(tmp_path: Path):
    with empty() as engine:
        engine.run("manage.py", "migrate_alone", "--verbosity", "0")
        engine.run("-c", AN_ISSUED_INVOICE)
        first = engine.environ["DATABASE_URL"]
        second = urlsplit(first)._replace(path=f"{urlsplit(first).path}_restored").geturl()
        before = _everything(first), _said(engine)
        try:
            for line in _lines():
                _type(line.replace("rehearsal", urlsplit(second).path[1:]), first, second, tmp_path)
            engine.environ["DATABASE_URL"] = second

            assert (_everything(second), _said(engine)) == before
            assert before[0]["pricing_charge"][0] == 4
            for frozen in ("pricing_charge SET amount = amount + 1", "invoices_invoice SET number = 'INV-1'"):
                with pytest.raises(psycopg2.Error, match=r"never edited|is issued|An issued"):
                    _ask(second, f"UPDATE {frozen}")
        finally:
            _ask(first, f'DROP DATABASE IF EXISTS "{urlsplit(second).path[1:]}" WITH (FORCE)')


def test_who_was_erased_after_the_backup_is_erased_again_from_what_is_restored(tmp_path: Path):
    with empty() as engine:
        engine.environ |= {"PSEUDONYM_KEY": "ab" * 32, "ARCHIVE_FOLDER": str(tmp_path / "archive")}
        engine.run("manage.py", "migrate_alone", "--verbosity", "0")
        engine.run("-c", A_PERSON_IS_BILLED)
        first = engine.environ["DATABASE_URL"]
        second = urlsplit(first)._replace(path=f"{urlsplit(first).path}_restored").geturl()
        backup, *restore = [line.replace("rehearsal", urlsplit(second).path[1:]) for line in _lines()]
        before, billed = _naming(first), _everything(first)
        _type(backup, first, second, tmp_path)
        engine.run("-c", ERASED)
        assert _naming(first) == set()
        try:
            for line in restore:
                _type(line, first, second, tmp_path)
            engine.environ["DATABASE_URL"] = second
            assert _naming(second) == before == {"leads_delivery", "leads_lead", "leads_quarantineditem"}

            assert engine.run("manage.py", "reapply_erasures").endswith("Everyone in the ledger is erased.")

            assert _naming(second) == set()
            assert {name: _everything(second)[name] for name in FROZEN} == {name: billed[name] for name in FROZEN}
            assert _ask(second, "SELECT external_id, email FROM leads_lead ORDER BY 1") == [
                ("L-1", ""),
                ("L-2", "otto@other.example"),
                ("L-3", ""),
            ]
            assert engine.run("manage.py", "reapply_erasures") == "Everyone in the ledger is erased."
            engine.run("manage.py", "check_invariants")
        finally:
            _ask(first, f'DROP DATABASE IF EXISTS "{urlsplit(second).path[1:]}" WITH (FORCE)')


def _naming(url: str) -> set[str]:
    """The tables that name the person: as text, or in their bytes, which are unpacked."""
    columns = _ask(
        url, "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
    )
    found = set[str]()
    for table in {name for name, _, _ in columns}:
        rows = "\n".join(row for (row,) in _ask(url, f'SELECT t::text FROM "{table}" t'))
        bodies = [
            _unpacked(bytes(value))
            for name, column, kind in columns
            if (name, kind) == (table, "bytea")
            for (value,) in _ask(url, f'SELECT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL')
        ]
        if re.search(rb"kerzinski|marker\.example", b"\n".join([rows.encode(), *bodies]), re.IGNORECASE):
            found.add(table)
    return found


def _unpacked(value: bytes) -> bytes:
    try:
        return zlib.decompress(value)
    except zlib.error:
        return value


def _lines() -> list[str]:
    text = (CHECKOUT / "docs" / "deployment.md").read_text(encoding="utf-8")
    lines = re.findall(r"^(?:pg_dump|pg_restore|psql) .+$", text, re.MULTILINE)
    assert [line.split()[0] for line in lines] == ["pg_dump", "psql", "pg_restore", "psql"]
    return lines


def _type(line: str, first: str, second: str, folder: Path) -> None:
    programs = postgres_programs()
    path = f"{programs}:{os.environ['PATH']}" if programs else os.environ["PATH"]
    told = {**os.environ, "PATH": path, "DATABASE_URL": first, "REHEARSAL_URL": second}
    done = subprocess.run(line, shell=True, cwd=folder, env=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{line}\n{done.stderr}"


def _said(engine: Deployed) -> list[str]:
    return [engine.run("manage.py", *words) for words in CHECKS]


def _everything(url: str) -> dict[str, tuple[int, str | None]]:
    """The row count and a hash of every table; the position of every sequence."""
    tables = _ask(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    rows = {
        name: _ask(url, f"SELECT count(*), md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM \"{name}\" t")[0]
        for (name,) in tables
    }
    sequences = _ask(url, "SELECT sequencename, coalesce(last_value, 0), NULL FROM pg_sequences ORDER BY 1")
    return rows | {name: (value, nothing) for name, value, nothing in sequences}


def _ask(url: str, statement: str) -> list[tuple[Any, ...]]:
    server = environ.Env.db_url_config(url)
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    connection = psycopg2.connect(**{name: server[key] for name, key in names.items() if server[key]})
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()
