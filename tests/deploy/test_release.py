"""`deploy/release.sh` with a failing AWS: it stops with a message, changes nothing more, and rolls back."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.roles import CHECKOUT

# Answers each call of the script by its first two words, in the given order; the last answer is repeated.
AWS = """#!{python}
import json, os, pathlib, sys
folder = pathlib.Path(os.environ["STUB"])
words = [word for word in sys.argv[1:] if not word.startswith("-")]
name = " ".join(words[:3] if words[1] == "wait" else words[:2])
query = next((after for before, after in zip(sys.argv, sys.argv[1:]) if before == "--query"), "")
with (folder / "calls").open("a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
answers = json.loads((folder / "answers").read_text())
key = next((key for key in answers if key.startswith(name) and key.removeprefix(name).strip() in query), None)
if key is None:
    sys.exit(f"stub: no answer to {{name}} {{query}}")
said = (folder / "said").read_text().split("\\n") if (folder / "said").exists() else []
with (folder / "said").open("a") as file:
    file.write(key + "\\n")
given = answers[key][min(said.count(key), len(answers[key]) - 1)]
if given.startswith("!"):
    sys.exit(given[1:])
print(given)
"""
BEFORE, NEW = "registry/engine@sha256:before", "registry/engine@sha256:new"
WELL: dict[str, list[str]] = {
    "cloudformation describe-stacks ImageUrl": [BEFORE],
    "cloudformation describe-stacks ParameterKey": ["ImageUrl\tMigrateImageUrl\tInfraStack"],
    "cloudformation describe-stacks Registry": ["registry/engine"],
    "cloudformation describe-stacks OutputKey": ["something"],
    "cloudformation get-template": ["the previous template"],
    "cloudformation update-stack": ["{}"],
    "cloudformation wait stack-update-complete": [""],
    "ecr describe-images": ["HEAD"],
    "ecs run-task": ["arn:task\tNone"],
    "ecs describe-tasks": ["RUNNING\tNone\tNone", "STOPPED\t0\tEssential container exited"],
}
EXPIRED = "!An error occurred (ExpiredTokenException): The security token included in the request is expired"


class Engine(BaseHTTPRequestHandler):
    """The address that the smoke test requests; not ready while `ready` is False."""

    ready = True

    def do_GET(self) -> None:
        self._answer(200 if self.ready else 503)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(401)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Keep it out of the test's output."""


@pytest.fixture
def url() -> Iterator[str]:
    Engine.ready = True
    with ThreadingHTTPServer(("127.0.0.1", 0), Engine) as server:
        threading.Thread(target=server.serve_forever, args=[0.02]).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def aws(tmp_path: Path) -> Path:
    (tmp_path / "aws").write_text(AWS.format(python=sys.executable), encoding="utf-8")
    (tmp_path / "aws").chmod(0o755)
    return tmp_path


def release(aws: Path, url: str, *arguments: str, answers: dict[str, list[str]]) -> "subprocess.CompletedProcess[str]":
    (aws / "answers").write_text(json.dumps(WELL | answers), encoding="utf-8")
    return subprocess.run(
        [CHECKOUT / "deploy" / "release.sh", *arguments],
        env={
            **os.environ,
            "PATH": f"{aws}:{os.environ['PATH']}",
            "STUB": str(aws),
            "URL": url,
            "SMOKE_TRIES": "2",
            "SMOKE_SECONDS": "0",
            "MIGRATE_STEP": "1",
            "MIGRATE_SECONDS": "3",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def updates(aws: Path) -> list[tuple[str, str, str]]:
    """Each update of the stack: the image, the migration's image, and which template."""
    found = []
    for call in (aws / "calls").read_text(encoding="utf-8").splitlines():
        if call.startswith("cloudformation update-stack"):
            image = re.search(r"ParameterKey=ImageUrl,ParameterValue=\S+:(\w+)", call)
            migrate = re.search(r"ParameterKey=MigrateImageUrl,ParameterValue=\S+:(\w+)", call)
            template = re.search(r"--template-body file://\S+/(\w+)\.yml", call)
            assert image is not None
            assert migrate is not None
            found.append((image[1], migrate[1], template[1] if template else "kept"))
    return found


def test_the_image_comes_before_the_template_and_each_is_smoked(aws: Path, url: str) -> None:
    done = release(aws, url, "deploy", NEW, answers={})

    assert done.returncode == 0, done.stderr
    assert updates(aws) == [("before", "new", "kept"), ("new", "new", "kept"), ("new", "new", "HEAD")]
    assert done.stderr.count("It answers.") == 2


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"ecs run-task": ["None\tRESOURCE:MEMORY"]}, "ECS placed no task for the migration: RESOURCE:MEMORY."),
        ({"ecs run-task": [EXPIRED]}, "ExpiredTokenException"),
        ({"ecs describe-tasks": ["RUNNING\tNone\tNone", EXPIRED]}, "ExpiredTokenException"),
        ({"ecs describe-tasks": ["RUNNING\tNone\tNone"]}, "The migration has not ended within 3 seconds."),
        ({"ecs describe-tasks": ["STOPPED\t1\tTask failed"]}, "The migration failed with 1 (Task failed)"),
        ({"ecs describe-tasks": ["STOPPED\tNone\tCannotPullContainerError"]}, "(CannotPullContainerError)"),
        ({"cloudformation describe-stacks OutputKey": [EXPIRED]}, "ExpiredTokenException"),
    ],
    ids=[
        "no task placed",
        "expired at run-task",
        "expired while waiting",
        "endless",
        "failed",
        "not pulled",
        "expired",
    ],
)
def test_a_migration_that_fails_stops_the_release_before_anything_new_runs(
    aws: Path, url: str, answers: dict[str, list[str]], words: str
) -> None:
    done = release(aws, url, "deploy", NEW, answers=answers)

    assert done.returncode != 0
    assert words in done.stderr
    assert updates(aws) == [("before", "new", "kept")]


@pytest.mark.parametrize(
    "call", ["describe-stacks ImageUrl", "describe-stacks ParameterKey", "get-template", "update-stack"]
)
def test_expired_credentials_end_the_release_at_once(aws: Path, url: str, call: str) -> None:
    done = release(aws, url, "deploy", NEW, answers={f"cloudformation {call}": [EXPIRED]})

    assert done.returncode != 0
    assert "ExpiredTokenException" in done.stderr
    assert "Migrating" not in done.stderr


def test_a_roll_out_that_cloudformation_took_back_is_said_and_goes_no_further(aws: Path, url: str) -> None:
    waits = ["", "!Waiter StackUpdateComplete failed: UPDATE_ROLLBACK_COMPLETE"]
    done = release(aws, url, "deploy", NEW, answers={"cloudformation wait stack-update-complete": waits})

    assert done.returncode != 0
    assert f"The roll-out failed and was taken back: {BEFORE} runs." in done.stderr
    assert updates(aws) == [("before", "new", "kept"), ("new", "new", "kept")]


def test_an_image_that_does_not_answer_is_taken_back_with_the_template_of_before(aws: Path, url: str) -> None:
    Engine.ready = False
    done = release(aws, url, "deploy", NEW, answers={})

    assert done.returncode != 0
    assert "It does not get ready." in done.stderr
    assert updates(aws) == [("before", "new", "kept"), ("new", "new", "kept"), ("before", "before", "before")]


def test_a_rollback_runs_the_earlier_image_with_its_own_template(aws: Path, url: str) -> None:
    done = release(aws, url, "rollback", BEFORE, answers={})

    assert done.returncode == 0, done.stderr
    assert updates(aws) == [("before", "before", "HEAD")]


def test_an_image_whose_commit_is_not_here_is_refused_before_anything_changes(aws: Path, url: str) -> None:
    done = release(aws, url, "rollback", BEFORE, answers={"ecr describe-images": ["0123456789ab"]})

    assert done.returncode != 0
    assert "(commit 0123456789ab) is not in this checkout" in done.stderr
    assert updates(aws) == []


def test_a_tag_that_is_in_the_registry_already_is_not_pushed_again(aws: Path, url: str) -> None:
    (aws / "git").write_text('#!/bin/sh\ncase "$1" in rev-parse) echo abc ;; esac\n', encoding="utf-8")
    (aws / "git").chmod(0o755)
    done = release(aws, url, "build", answers={"ecr batch-get-image": ["sha256:known"]})

    assert (done.returncode, done.stdout) == (0, "registry/engine@sha256:known\n"), done.stderr
