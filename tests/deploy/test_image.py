"""The Dockerfile builds the image, and every role of it runs, is healthy, and stops, as on Fargate."""

import os
import re
from collections.abc import Iterator
from http.cookiejar import CookieJar
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, build_opener

import environ
import psycopg2
import pytest

from billing_engine.local_servers.ports import free_port
from tests.deploy import image as images
from tests.deploy.image import Container, Image
from tests.deploy.roles import Deployed, empty
from tests.processes import until

# One group, so that a single pytest process builds and starts it for all of these.
pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("image")]

ROLES = ("web", "nginx", "worker", "outgoing", "beat")
LATE_SECONDS = 12


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    lacking = images.missing()
    if lacking and os.environ.get("IMAGE_MUST_BE_BUILT"):
        pytest.fail(f"The image must be built here: {lacking}")
    if lacking:
        pytest.skip(f"The image is not built here: {lacking}")
    with images.built() as image:
        yield image


@pytest.fixture(scope="module")
def deployed() -> Iterator[Deployed]:
    """An empty database, and separate ports."""
    with empty() as deployed:
        yield deployed


@pytest.fixture(scope="module")
def told(deployed: Deployed) -> dict[str, str]:
    """What the template gives each container: the parts of the addresses, not the addresses."""
    parts = environ.Env.db_url_config(deployed.environ["DATABASE_URL"])
    broker = urlsplit(deployed.environ["REDIS_URL"])
    names = ("HOST", "PORT", "NAME", "USER", "PASSWORD")
    return {
        "SECRET_KEY": "0123456789" * 5,
        "ALLOWED_HOSTS": "127.0.0.1",
        **{f"DATABASE_{name}": str(parts[name]) for name in names},
        "DATABASE_SSLMODE": "disable",
        "DATABASE_USER": "engine_app",
        "DATABASE_PASSWORD": "the app's password",
        "REDIS_HOST": str(broker.hostname),
        "REDIS_PORT": str(broker.port),
        "REDIS_PASSWORD": str(broker.password),
        "REDIS_TLS": "0",
        **{name: deployed.environ[name] for name in ("WEB_BIND", "NGINX_LISTEN", "NGINX_UPSTREAM")},
        "HEARTBEAT_LATE_SECONDS": str(LATE_SECONDS),
    }


@pytest.fixture(scope="module")
def as_owner(deployed: Deployed, told: dict[str, str]) -> dict[str, str]:
    """What the migration gets in addition: the administrator's and the app's logins."""
    admin = environ.Env.db_url_config(deployed.environ["DATABASE_URL"])
    return {
        "DATABASE_ADMIN_USER": str(admin["USER"]),
        "DATABASE_ADMIN_PASSWORD": str(admin["PASSWORD"]),
        "DATABASE_USER": "engine_owner",
        "DATABASE_PASSWORD": "the owner's password",
        "DATABASE_APP_USER": told["DATABASE_USER"],
        "DATABASE_APP_PASSWORD": told["DATABASE_PASSWORD"],
    }


@pytest.fixture(scope="module")
def running(image: Image, told: dict[str, str], as_owner: dict[str, str]) -> dict[str, Container]:
    """Everything that a first install starts, healthy."""
    image.run("migrate", environ=told | as_owner)
    containers = {role: image.start(role, environ=told) for role in ROLES}
    for role, container in containers.items():
        until(
            lambda container=container: healthy(image, container) or container.process.poll() is not None, seconds=120
        )
        assert container.process.poll() is None, f"{role}: {container.said()}"
    return containers


def healthy(image: Image, container: Container) -> bool:
    """The result of the image's own HEALTHCHECK."""
    return container.execute(*image.config["Healthcheck"]["Test"][1:]).returncode == 0


def test_a_role_has_a_read_only_root_no_capability_and_an_ordinary_user(running: dict[str, Container]) -> None:
    for role, container in running.items():
        assert container.execute("touch", "/app/x").returncode != 0, role
        status = container.execute("cat", "/proc/1/status").stdout
        found = dict(re.findall(r"^(Uid|CapEff|NoNewPrivs):\t(\S+)", status, re.MULTILINE))
        assert found == {"Uid": "10001", "CapEff": "0000000000000000", "NoNewPrivs": "1"}, role


def test_the_app_owns_nothing_in_the_database_and_switches_off_none_of_its_promises(
    running: dict[str, Container], told: dict[str, str]
) -> None:
    host, port, name, user, password = (
        told[f"DATABASE_{part}"] for part in ("HOST", "PORT", "NAME", "USER", "PASSWORD")
    )
    app = psycopg2.connect(host=host, port=port, dbname=name, user=user, password=password)
    app.autocommit = True
    with app.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = current_user")
        assert cursor.fetchone() == (0,)
        for statement in (
            "TRUNCATE invoices_invoice CASCADE",
            "ALTER TABLE invoices_invoice DISABLE TRIGGER ALL",
            "DROP TABLE pricing_charge",
            "SET session_replication_role = replica",
            "CREATE TABLE of_its_own ()",
            "DELETE FROM django_migrations",
        ):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(statement)
    app.close()


def test_from_the_first_install_to_the_first_log_in(
    image: Image, told: dict[str, str], running: dict[str, Container], deployed: Deployed
) -> None:
    first = {"DJANGO_SUPERUSER_USERNAME": "first", "DJANGO_SUPERUSER_PASSWORD": "a long password"}
    made = image.run("manage", "createsuperuser", "--noinput", "--email", "first@engine.example", environ=told | first)
    assert "Superuser created successfully." in made

    browser = build_opener(HTTPCookieProcessor(jar := CookieJar()))
    login = f"{deployed.address}/admin/login/"
    with browser.open(login) as page:
        [token] = set(re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.read().decode()))
    form = {"login": "first", "password": "a long password", "csrfmiddlewaretoken": token, "next": "/admin/"}
    with browser.open(login, data=urlencode(form).encode()) as page:
        assert (page.status, page.url) == (200, f"{deployed.address}/admin/")
    assert "sessionid" in {cookie.name for cookie in jar}


def test_operators_commands_run_as_one_off_tasks(
    image: Image, told: dict[str, str], running: dict[str, Container]
) -> None:
    assert "hold" in image.run("manage", "check_invariants", environ=told)
    assert image.run("manage", "wait_for_migrations", "--seconds", "5", environ=told) == ""


def test_rating_runs_compiled_in_an_image_without_a_compiler(image: Image, running: dict[str, Container]) -> None:
    assert "Rating runs compiled." in running["worker"].said()
    assert not (image.root / "usr/bin/gcc").exists()


@pytest.mark.parametrize("role", ["worker", "outgoing", "beat"])
def test_a_role_that_hangs_becomes_unhealthy_and_is_healthy_again_when_it_goes_on(
    image: Image, running: dict[str, Container], role: str
) -> None:
    container = running[role]
    container.signal("STOP")
    until(lambda: not healthy(image, container), seconds=LATE_SECONDS + 30)
    container.signal("CONT")
    until(lambda: healthy(image, container))


def test_every_role_ends_by_itself_when_it_is_told_to(image: Image, told: dict[str, str]) -> None:
    elsewhere = {"WEB_BIND": "127.0.0.1:0", "NGINX_LISTEN": f"127.0.0.1:{free_port(19_500)}"}
    containers = {role: image.start(role, environ=told | elsewhere) for role in ROLES}
    until(lambda: all(containers[role].said() for role in ("web", "worker", "beat")), seconds=120)
    until(lambda: healthy(image, containers["nginx"]) and "ready." in containers["worker"].said(), seconds=120)

    assert {role: container.stop() for role, container in containers.items()} == dict.fromkeys(ROLES, 0)
