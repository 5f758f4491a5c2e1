"""`manage.py up`: run everything on one machine, from an empty database to invoices; Ctrl-C stops all of it."""

import os
import subprocess
import sys
import time
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from billing_engine import local_servers
from billing_engine.local_servers.folder import Folder
from billing_engine.local_servers.interrupts import Interrupts
from billing_engine.local_servers.ports import free_port
from billing_engine.local_servers.processes import Children
from billing_engine.sample import company, load
from billing_engine.sample.leads import earlier_months
from invoices.models import Invoice

CHECKOUT: Path = settings.BASE_DIR
PYTHON = sys.executable
PAGES_TO_SHOW = (
    ("This month at a glance", "admin/"),
    ("Last month's draft invoices", "admin/invoices/invoice/"),
    ("What customers owe", "admin/receivables/at-a-glance/"),
    ("Unrated actions", "admin/pricing/unratedaction/"),
    ("Quarantined items", "admin/leads/quarantineditem/"),
    ("API reference", "api/docs/"),
)
# Sending has its own workers: a mail server that hangs, or a document of thousands of lines, must not stop rating.
WORKERS = {"worker": "celery,rating,billing", "outgoing": "mails,documents,webhooks"}


class Command(BaseCommand):
    """Starts servers, migrations, the sample company, gunicorn, a Celery worker and beat, on loopback only."""

    help = "Run everything on this machine, with a sample company. Ctrl-C stops it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))
        parser.add_argument("--no-sample", action="store_true", help="Leave the database as it is.")

    def handle(self, *args: Any, port: int, no_sample: bool, **options: Any) -> None:
        self.console = Console()
        children = Children(Folder(CHECKOUT / "var" / "dev"))
        self.interrupts = Interrupts(
            awaited=lambda: ", ".join(children.awaited()) or "PostgreSQL and Redis",
            force=lambda: _end_by_force(children),
        )
        self.interrupts.install()
        try:
            with self.interrupts.raising():
                self._run(children, port, sample=not no_sample)
        except KeyboardInterrupt:
            self.console.print("Stopping …")
        except (local_servers.LocalServerError, TimeoutError) as error:
            raise CommandError(str(error)) from error
        finally:
            children.stop()
            local_servers.down(CHECKOUT)
        self.console.print("Stopped; the data stays in var/dev.")

    def _run(self, children: Children, port: int, *, sample: bool) -> None:
        if sample:
            company.refuse_elsewhere(settings.DATABASES["default"]["HOST"])
        children.claim()
        self._prepare()
        if sample:
            company.refuse_among_others()
        address = self._serve(children, port)
        if sample:
            self._sample(address, children)
        self._ready(address)
        _until_stopped(children)

    def _prepare(self) -> None:
        host, name = settings.DATABASES["default"]["HOST"], settings.DATABASES["default"]["NAME"]
        self._say(f"PostgreSQL at {host}, database {name}; Redis beside it")
        with self.console.status("Migrating …"):
            _as_owner("migrate_alone", "--verbosity", "0")
        self._say("Database migrated")
        if _static_is_stale():
            with self.console.status("Collecting static files …"):
                call_command("collectstatic", interactive=False, verbosity=0)
            _static_stamp().write_text(_static_version(), encoding="utf-8")
            self._say("Static files collected")

    def _serve(self, children: Children, wanted: int) -> str:
        port = free_port(wanted)
        if port != wanted:
            self._say(f"Port {wanted} is taken: using {port}")
        address = f"http://127.0.0.1:{port}/"
        inherited = {name: value for name, value in os.environ.items() if name != local_servers.OWNER_URL}
        environ = {**company.SELLER, **inherited, "WEB_BIND": f"127.0.0.1:{port}"}
        celery = [PYTHON, "-m", "celery", "-A", "billing_engine"]
        programs = {
            "web": [PYTHON, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "billing_engine.wsgi"],
            **{
                name: [
                    *(*celery, "worker", "--loglevel", "INFO"),
                    *("-Q", queues, "--concurrency", "2", "--hostname", f"{name}@%h"),
                ]
                for name, queues in WORKERS.items()
            },
            "beat": [*celery, "beat", "--loglevel", "INFO"],
        }
        for name, program in programs.items():
            with self.interrupts.held():
                children.start(name, program, cwd=CHECKOUT, environ=environ)
        with self.console.status("Starting gunicorn, Celery workers and beat …"):
            _wait_for(f"{address}admin/login/", children)
        self._say("gunicorn, Celery workers and beat are running (logs in var/dev/logs)")
        return address

    def _sample(self, address: str, children: Children) -> None:
        today = now()
        if not company.exists():
            company.create(at=today, billed_from=earlier_months(today)[0].first)
            self._say("Sample company created: 8 brands, 11 sources, their price rules and people")
        if load.is_billed(today=today):
            return
        columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=self.console) as bars:
            summary = self._load(bars, address, today, children)
        self._say(summary)

    def _load(self, bars: Progress, address: str, today: datetime, children: Children) -> str:
        def bar(words: str) -> load.Report:
            task = bars.add_task(words, total=None)
            return lambda done, of: bars.update(task, completed=done, total=of)

        counts = load.deliver(address, today=today, report=bar("posting leads to the REST endpoint"))
        load.wait_for_rating(report=bar("rating by the worker, periods"), check=children.check)
        load.settle_earlier_months(today=today, report=bar("billing runs of earlier months"), check=children.check)
        result = load.bill_last_month(
            today=today, report=bar("billing run of last month, customers"), check=children.check
        )
        return (
            f"{counts['leads_received']:,} leads with {counts['actions_received']:,} actions received; "
            f"{Invoice.objects.count()} invoices, {result.failed} waiting for a decision"
        )

    def _ready(self, address: str) -> None:
        self.console.print("\nLog in as (name / password):", highlight=False, soft_wrap=True)
        for name, password, role in company.PEOPLE:
            self.console.print(f"  {name:<11} {password:<18} {role or 'everything'}", highlight=False, soft_wrap=True)
        self.console.print("\nLook first at:", highlight=False, soft_wrap=True)
        for words, path in PAGES_TO_SHOW:
            self.console.print(f"  {words:<28} {address}{path}", highlight=False, soft_wrap=True)
        self.console.print("\nCtrl-C stops everything.", highlight=False, soft_wrap=True)
        self.console.print(f"Ready: {address}", highlight=False, soft_wrap=True)

    def _say(self, words: str) -> None:
        self.console.print(f"• {words}", highlight=False, soft_wrap=True)


def _as_owner(*command: str) -> None:
    """Run a command of manage.py in a process of its own: this one is the app, which owns no table."""
    done = subprocess.run(  # noqa: S603 -- our own program and arguments, no shell
        [PYTHON, "manage.py", *command],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CommandError(done.stdout.strip())


def _end_by_force(children: Children) -> None:
    children.kill()
    local_servers.kill(CHECKOUT)


def _until_stopped(children: Children) -> None:
    while True:
        children.check()
        time.sleep(0.5)


def _wait_for(url: str, children: Children) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        children.check()
        try:
            with urlopen(url, timeout=5):  # noqa: S310 -- our own server, on this machine
                return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise TimeoutError(f"{url} did not answer within a minute; see var/dev/logs/web.log.")


def _static_stamp() -> Path:
    return Path(settings.STATIC_ROOT) / ".version"


def _static_version() -> str:
    """Changes with the locked requirements and with our own static files."""
    ours = sorted(CHECKOUT.glob("*/static/**/*"))
    newest = max((file.stat().st_mtime_ns for file in ours), default=0)
    return f"{(CHECKOUT / 'requirements.txt').stat().st_mtime_ns}-{newest}-{len(ours)}"


def _static_is_stale() -> bool:
    stamp = _static_stamp()
    return not stamp.is_file() or stamp.read_text(encoding="utf-8") != _static_version()
