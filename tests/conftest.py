"""What every test may ask for."""

import gc
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import LazySettings
from django.contrib.admin import AdminSite
from django.contrib.auth.models import User
from django.core.files.storage import storages
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from hypothesis import settings as hypothesis
from playwright.sync_api import Browser, sync_playwright
from psycopg2.sql import SQL, Identifier, Literal
from pytest_django import DjangoDbBlocker
from unfold.sites import UnfoldAdminSite
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from billing_engine.engine_settings.storage_settings import file_storage
from tests.app_role import as_app
from tests.e2e import chromium
from tests.migrated import migrated

HERE = Path(__file__).resolve().parent
# A right that is missing is found here: each of these does what the workers and the admin do.
MAIN_PATH = {
    *("leads/intake/test_receive.py", "leads/quarantine/test_settle.py", "leads/credentials/test_api_keys.py"),
    *("leads/admin/test_pages.py", "leads/admin/test_quarantine.py", "leads/test_voiding.py"),
    *("pricing/rate/test_rate.py", "pricing/rule_book/test_rules.py", "pricing/simulation/test_simulate.py"),
    *("pricing/admin/test_pages.py", "pricing/admin/test_unrated.py"),
    *("invoices/life/test_transitions.py", "invoices/life/test_reopen.py", "invoices/life/test_numbers.py"),
    *("invoices/run/test_billing_run.py", "invoices/mail/test_delivery.py", "invoices/month_close/test_bulk_action.py"),
    *("invoices/admin/test_invoices.py", "invoices/admin/test_runs.py"),
}

A_MENU = [{"title": "Menu", "items": [{"title": "At a glance", "link": "/admin/", "has_permission": True}]}]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--as-app", action="store_true", help="Run tests with the rights of the app's database login.")


def pytest_collection_finish() -> None:
    """Collect garbage seldom: most objects of a test run live to its end, and looking through them took a tenth of its time."""
    gc.freeze()
    gc.set_threshold(200_000, 20, 50)


# Tests have no timings: a busy machine is not a fault in the code.
hypothesis.register_profile("house", deadline=None)
hypothesis.load_profile("house")


@pytest.fixture(autouse=True, scope="session")
def _files(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Uploaded files lie in a folder that the processes of tests share."""
    os.environ["FILES_FOLDER"] = str(tmp_path_factory.mktemp("files"))


@pytest.fixture(autouse=True)
def _settings(_files: None, settings: LazySettings) -> None:
    """Tests need no hashed file names, no slow passwords and no broker: work asked for is found by calling the sweep."""
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        "files": file_storage(bucket="", folder=os.environ["FILES_FOLDER"]),
        "archive": {"BACKEND": "tests.storage.WriteOnceMemory"},
    }
    assert storages["archive"]  # made here, and not by several threads at once
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: DjangoDbBlocker
) -> None:
    """Each process copies one migrated database."""
    with django_db_blocker.unblock():
        connection.settings_dict["TEST"]["TEMPLATE"] = migrated()


@pytest.fixture(autouse=True, scope="session")
def _emptied_as_owner() -> Iterator[None]:
    """Between tests, the tables with rows are emptied without the triggers that refuse it; what migrations write stays."""

    def sql_flush(self: DatabaseOperations, _style: Any, tables: list[str], **_: Any) -> list[str]:
        with connection.cursor() as cursor:
            asked = (SQL("(SELECT {} FROM {} LIMIT 1)").format(Literal(name), Identifier(name)) for name in tables)
            cursor.execute(SQL(" UNION ALL ").join(asked))
            filled = [name for (name,) in cursor.fetchall()]
        return ["SET LOCAL session_replication_role = replica;", *(f'DELETE FROM "{name}"' for name in filled)]

    def execute_sql_flush(self: DatabaseOperations, statements: list[str]) -> None:
        execute(self, statements)
        import_module("invoices.migrations.0001_initial").write_the_template_for_all(apps, None)
        import_module("receivables.migrations.0001_initial").write_the_reasons(apps, None)

    execute = DatabaseOperations.execute_sql_flush
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", sql_flush)
        patch.setattr(DatabaseOperations, "execute_sql_flush", execute_sql_flush)
        yield


@pytest.fixture
def app_role(db: None) -> Iterator[None]:
    """All that the product does in the test is done with the rights of the app's database login."""
    with as_app():
        yield


@pytest.fixture(autouse=True)
def _as_app(request: pytest.FixtureRequest) -> None:
    """The way from a delivery to a voided invoice, always with the app's rights; with `--as-app`, every test."""
    is_asked = request.config.getoption("as_app") or request.path.relative_to(HERE).as_posix() in MAIN_PATH
    if is_asked and "transactional_db" not in request.fixturenames:
        mark = request.node.get_closest_marker("django_db")
        if not (mark and mark.kwargs.get("transaction")) and (mark or "db" in request.fixturenames):
            request.getfixturevalue("app_role")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = chromium.found()
    if program is None:
        pytest.fail(chromium.HOW_TO_GET_ONE)
    quiet = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=quiet)
        yield browser
        browser.close()


@pytest.fixture
def short_menu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A menu of one item: the whole one is most of a page's time, and tests that ask for each page look at other things."""

    def menu(*_: Any) -> list[dict[str, Any]]:
        return A_MENU

    def apps(*_: Any, **__: Any) -> list[Any]:
        return []

    monkeypatch.setattr(UnfoldAdminSite, "get_sidebar_list", menu)
    monkeypatch.setattr(AdminSite, "get_app_list", apps)


@pytest.fixture
def now() -> datetime:
    """An instant in the middle of a month, so that month ends are far away unless a test goes there."""
    return datetime(2026, 10, 15, 12, tzinfo=UTC)


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_user("olga", password="a long password")


@pytest.fixture
def accountant(db: None) -> User:
    return User.objects.create_user("frank", password="a long password")


class WholeFiles(LoadScopeScheduling):
    """Gives all tests of a file marked with `xdist_group` to one process, because they share what is started for them.

    The plugin's own `loadgroup` writes the group into an attribute that pytest 9.2 no longer reads.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return path if _is_marked(path) else nodeid


@cache
def _is_marked(path: str) -> bool:
    return "pytest.mark.xdist_group(" in (HERE.parent / path).read_text(encoding="utf-8")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> WholeFiles:
    """How tests are shared among the processes."""
    return WholeFiles(config, log)
