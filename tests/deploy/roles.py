"""The container's roles, run on this machine from deploy/entrypoint.sh, with an empty database at first."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import environ
import psycopg2

from billing_engine.local_servers.ports import free_port

CHECKOUT = Path(__file__).resolve().parent.parent.parent
BALANCER = "127.0.0.2"  # its forwarded headers are trusted; all other clients here are 127.0.0.1
PASSWORD = "a long password"
SEED = """
import django; django.setup()
from django.contrib.auth.models import User
from leads.domain.credentials.api_keys import create_key
from django.utils.timezone import now
from leads.domain.catalog.sources import save_source
from leads.models import Source
User.objects.create_superuser("root", password="a long password")
web = save_source(Source(code="web", name="Web"), facts={"channel": "website"}, by=None, at=now())
print(create_key(web)[1])
"""


@dataclass
class Deployed:
    """The running roles, their addresses, and their settings."""

    folder: Path
    environ: dict[str, str]
    web: int
    nginx: int
    key: str = ""
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.nginx}"

    def log(self, role: str) -> str:
        return (self.folder / f"{role}.log").read_text(encoding="utf-8")

    def start(self, role: str, **more: str) -> subprocess.Popen[bytes]:
        scratch = self.folder / role
        scratch.mkdir(exist_ok=True)
        with (self.folder / f"{role}.log").open("ab") as log:
            self.running[role] = subprocess.Popen(
                [CHECKOUT / "deploy" / "entrypoint.sh", role],
                cwd="/",
                env=self.environ | {"SCRATCH": str(scratch)} | more,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self.running[role]

    def run(self, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command], cwd=CHECKOUT, env=self.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def stop(self, role: str) -> int:
        """Stop it like a container: TERM to the first process only; returns its exit code."""
        process = self.running.pop(role)
        process.terminate()
        return process.wait(timeout=30)

    def kill(self) -> None:
        for process in self.running.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def empty() -> Iterator[Deployed]:
    """A separate empty database, separate ports, and no running role yet."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="deploy-")))
        folder.chmod(0o755)
        database = stack.enter_context(_database())
        web = free_port(18_000 + os.getpid() % 2_000)
        nginx = free_port(web + 1)
        deployed = Deployed(folder=folder, environ=_environ(database, web, nginx), web=web, nginx=nginx)
        stack.callback(deployed.kill)
        yield deployed


def wait(process: subprocess.Popen[bytes], true: object, seconds: float = 60) -> None:
    """Wait until it is true; fails if the process has ended or time is up."""
    assert callable(true)
    deadline = time.monotonic() + seconds
    while not true():
        assert process.poll() is None, f"ended with {process.returncode}"
        assert time.monotonic() < deadline, f"not within {seconds:.0f} seconds"
        time.sleep(0.1)


def _environ(database: str, web: int, nginx: int) -> dict[str, str]:
    user = {"NGINX_USER": "root"} if os.geteuid() == 0 else {}  # other users may have no access to the checkout
    dropped = {"PYTEST_XDIST_WORKER", "DEBUG", "DJANGO_SETTINGS_MODULE"}
    return {
        **{name: value for name, value in os.environ.items() if name not in dropped},
        **user,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DJANGO_SETTINGS_MODULE": "billing_engine.settings",
        "DATABASE_URL": database,
        "WEB_BIND": f"127.0.0.1:{web}",
        "NGINX_LISTEN": f"127.0.0.1:{nginx}",
        "NGINX_UPSTREAM": f"127.0.0.1:{web}",
        "NGINX_TRUSTED": f"{BALANCER}/32",
        "NGINX_LOG": "access.log",
    }


@contextmanager
def _database() -> Iterator[str]:
    url = os.environ["DATABASE_URL"]
    name = f"deployed_{uuid4().hex[:12]}"
    server = environ.Env.db_url_config(url)
    login = {"user": server["USER"], "password": server["PASSWORD"], "host": server["HOST"], "port": server["PORT"]}
    connection = psycopg2.connect(dbname=server["NAME"], **{key: value for key, value in login.items() if value})
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
        yield urlsplit(url)._replace(path=f"/{name}").geturl()
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    connection.close()
