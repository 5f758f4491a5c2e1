"""Who was erased comes back with a real restore, and is erased again: in every table and every stored file."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.deploy.roles import Deployed, empty
from tests.deploy.test_restore import _ask, _lines, _type

pytestmark = pytest.mark.processes

HELD = """
import django; django.setup()
import os
from datetime import UTC, datetime
from pathlib import Path
from leads.domain.imports.upload import upload
from leads.domain.intake.receive import receive
from tests.factories.leads import ActionTypeFactory, CustomerFactory, ProductFactory, SourceFactory, SourceMappingFactory
from tests.factories.people import superuser
from tests.leads.people.conftest import MAPPING, MARKER, OTHER, lead, sent
AT = datetime(2026, 10, 15, 12, tzinfo=UTC)
ActionTypeFactory.create(code="sample_order")
ProductFactory.create(sku="TILE", customer=CustomerFactory.create(code="ACME"))
web = SourceFactory.create(code="web")
SourceMappingFactory.create(source=web, document=MAPPING)
waiting = lead("L-3", product={"sku": "GONE"}, contact={"email": "MARA.KERZINSKI+x@marker.example"})
named = lead("L-2", contact=OTHER, attributes={"told_by": MARKER["email"]})
receive(web, body=sent(lead(), named, waiting), content_type="application/json", received_at=AT)
rows = "Lead,SKU,Name,Mail,Land,When\\nF-{0},TILE,{1},{2},US,2026-10-06T10:00:00Z\\n"
path = Path(os.environ["SCRATCH"]) / "rows.csv"
for number, name, mail in ((1, "Mara Kerzinski", MARKER["email"]), (2, "Only Infile", "only@infile.example")):
    path.write_text(rows.format(number, name, mail))
    upload(path, name=f"{number}.csv", source=web, by=superuser(), at=AT)
path.unlink()
"""
ERASE = """
import django; django.setup()
from datetime import UTC, datetime
from leads.domain.people.erase import ERASURES, ask_erasure
from leads.domain.people.person import Person
AT = datetime(2026, 10, 20, 12, tzinfo=UTC)
for email in ("mara.kerzinski@marker.example", "only@infile.example"):
    erasure = ask_erasure(Person.given(email=email), reason="Request 17", by=None, at=AT)
    while ERASURES.work(erasure.pk, at=AT):
        pass
"""
MARKS = re.compile(r"kerzinski|marker\.example|infile", re.IGNORECASE)


def naming(url: str) -> list[str]:
    """The tables that name one of the two, as text."""
    tables = [name for (name,) in _ask(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")]
    return [name for name in tables if MARKS.search(str(_ask(url, f'SELECT t::text FROM "{name}" t')))]


def held(engine: Deployed) -> list[str]:
    """The kept files that name one of them."""
    files = Path(engine.environ["FILES_FOLDER"]).rglob("*")
    return [path.name for path in files if path.is_file() and MARKS.search(path.read_text(encoding="utf-8"))]


def test_who_comes_back_with_a_restore_is_gone_from_every_table_and_file_once_the_ledger_is_applied(tmp_path: Path):
    with empty() as engine:
        for name in ("FILES_FOLDER", "ARCHIVE_FOLDER", "SCRATCH"):
            (engine.folder / name).mkdir()
            engine.environ[name] = str(engine.folder / name)
        engine.environ["PSEUDONYM_KEY"] = "ab" * 32
        engine.run("manage.py", "migrate_alone", "--verbosity", "0")
        engine.run("-c", HELD)
        first = engine.environ["DATABASE_URL"]
        second = urlsplit(first)._replace(path=f"{urlsplit(first).path}_restored").geturl()
        before = naming(first)
        assert (set(before) >= {"leads_lead", "leads_quarantineditem", "leads_fileimport"}, len(held(engine))) == (
            True,
            2,
        )
        dump, *others = (line.replace("rehearsal", urlsplit(second).path[1:]) for line in _lines())
        try:
            _type(dump, first, second, tmp_path)
            engine.run("-c", ERASE)
            assert (naming(first), held(engine)) == ([], [])
            for line in others:
                _type(line, first, second, tmp_path)
            assert naming(second) == before

            engine.environ["DATABASE_URL"] = second
            said = engine.run("manage.py", "reapply_erasures")

            assert said.endswith("Everyone in the ledger is erased.")
            assert naming(second) == []
            assert engine.run("manage.py", "reapply_erasures") == "Everyone in the ledger is erased."
        finally:
            _ask(first, f'DROP DATABASE IF EXISTS "{urlsplit(second).path[1:]}" WITH (FORCE)')
