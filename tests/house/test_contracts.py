"""The import contracts cover every app and every room, and each of them refuses what it should."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.house.tree import ROOT, files

LINTER: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
CONTRACTS: list[dict[str, Any]] = LINTER["contracts"]
LAYERS = next(each for each in CONTRACTS if each["name"] == "Money flows up, imports go down")

# By contract: a module, and a forbidden import that the contract must refuse.
REFUSED = {
    "Money flows up, imports go down": ("leads/domain/limits.py", "billing_engine.menu"),
    "Inside an app: doors, then tasks, then the domain, then models": (
        "reports/queries/action_state.py",
        "reports.admin",
    ),
    "Inside the base layer: pages and API, then tables, then charts, then the calendar, then money and errors": (
        "billing_engine/core/money.py",
        "billing_engine.core.tables.csv",
    ),
    "Inside leads: imports and webhooks stand on quarantine, that on intake, that on bodies, those on what is the same": (
        "leads/domain/intake/lookup.py",
        "leads.domain.quarantine.settle",
    ),
    "Inside pricing: simulations use the rule book, which uses the audit, which uses rating": (
        "pricing/domain/rate/tally.py",
        "pricing.domain.rule_book.rules",
    ),
    "Inside invoices: months, runs, an invoice's life, its document, its proof, its lines": (
        "invoices/domain/lines/totals.py",
        "invoices.domain.month_close",
    ),
    "Inside receivables: what finance sends out and books, then disputes, then documents, then the ledger": (
        "receivables/domain/ledger/post.py",
        "receivables.domain.credit_notes",
    ),
    "Inside operations: processes, then their monitoring": (
        "billing_engine/operations/heartbeat.py",
        "billing_engine.operations.monitoring",
    ),
    "Inside the portal: addresses, then pages, then the frame, then the gate": ("portal/gate.py", "portal.frame"),
    "The price decision is pure: only the standard library": ("pricing/rating/match.py", "django.db"),
    "The proof is checked by pure code too: the standard library and the price decision": (
        "invoices/domain/proof/verifier/tree.py",
        "invoices.models",
    ),
    "The language of mappings is pure: JMESPath and the standard library": (
        "leads/domain/mapping/language/texts.py",
        "leads.models",
    ),
    "Wording uses plain values only: no framework, no rows": ("pricing/wording/numbers.py", "django.utils.html"),
    "The local servers start before Django does": ("billing_engine/local_servers/ports.py", "django.conf"),
    "Settings are read through Django, never imported": ("leads/domain/products.py", "billing_engine.settings"),
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the tree's Python files, to be broken."""
    for path in [path for path in files() if path.suffix in {".py", ".toml"} and path.parts[0] != "tests"]:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    return tmp_path


def test_each_contract_refuses_what_it_is_there_to_refuse(copy: Path):
    for module, imported in REFUSED.values():
        with (copy / module).open("a", encoding="utf-8") as file:
            file.write(f"\n\nimport {imported}\n")

    assert _broken(copy) == {contract["name"] for contract in CONTRACTS} == set(REFUSED)


def test_a_room_that_no_layer_names_is_refused(copy: Path):
    exhaustive = [contract for contract in CONTRACTS if contract.get("exhaustive")]
    for container in (name for contract in exhaustive for name in contract["containers"]):
        (copy / container.replace(".", "/") / "unnamed.py").touch()

    assert _broken(copy) == {contract["name"] for contract in exhaustive}


def test_every_storey_is_in_a_layer():
    named = {name.strip() for layer in LAYERS["layers"] for name in layer.split("|")}
    roots = set(LINTER["root_packages"])
    ours = [path for path in files() if path.parts[0] == "billing_engine" and path.suffix == ".py"]
    roof = {".".join(path.with_suffix("").parts[:2]) for path in ours}

    assert named == roots - {"billing_engine"} | roof - {"billing_engine.__init__"}


def test_every_app_is_linted():
    assert {path.parts[0] for path in files() if path.name == "apps.py"} == set(LINTER["root_packages"])


def _broken(checkout: Path) -> set[str]:
    """The names of the contracts that are broken there."""
    program = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run(
        [program, "--no-cache", "--no-logo"], cwd=checkout, capture_output=True, text=True, check=False
    )
    told = " ".join(ran.stdout.split())
    return {contract["name"] for contract in CONTRACTS if f"{contract['name']} BROKEN" in told}
