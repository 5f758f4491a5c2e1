"""An emulator of AWS, and the commands in README.md."""

import fcntl
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import yaml

from billing_engine.local_servers.ports import free_port
from tests.deploy.roles import CHECKOUT

CLOUD = Path(sys.prefix) / "cloud" / "bin"
LOCALSTACKS_PORT = 4566


@dataclass
class Cloud:
    """The running emulator, and the output of the commands so far."""

    environ: dict[str, str]
    repository: str = ""

    def type(self, line: str) -> str:
        """Run one command as written, except for the address that the first one printed."""
        done = subprocess.run(
            line.replace("<REPOSITORY_URI>", self.repository),
            shell=True,
            cwd=CHECKOUT,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        return done.stdout

    def ask(self, program: str) -> Any:
        """What boto3 finds; it is installed next to the emulator."""
        told = f"import boto3, json\nout = None\n{program}\nprint(json.dumps(out, default=str))"
        done = subprocess.run(
            [CLOUD / "python", "-c", told], env=self.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@contextmanager
def emulator(folder: Path) -> Iterator[Cloud]:
    """ministack on loopback, without a Docker engine; on LocalStack's own port if it is free."""
    assert (CLOUD / "ministack").exists(), "The emulator of AWS is missing: `make .venv/.cloud` puts it there."
    with (CHECKOUT / "var" / "cloud.lock").open("w") as lock:  # until it listens: the port is chosen, then taken
        fcntl.flock(lock, fcntl.LOCK_EX)
        port = free_port(LOCALSTACKS_PORT)
        environ = _environ(port, folder)
        with (folder / "ministack.log").open("wb") as log:
            process = subprocess.Popen([CLOUD / "ministack"], cwd=folder, env=environ, stdout=log, stderr=log)
        _wait_for(process, port)
    try:
        yield Cloud(environ)
    finally:
        process.terminate()
        process.wait(timeout=30)


def lines_to_type() -> list[str]:
    """The lines of README.md that start with awslocal or docker, in order, as written."""
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^ *((?:awslocal|docker) .+)$", text, re.MULTILINE)


def template(name: str) -> dict[str, Any]:
    """A template as data: `!Ref x` is `{"Ref": "x"}`, any other `!Name x` is `{"Fn::Name": x}`."""
    text = (CHECKOUT / "templates" / name).read_text(encoding="utf-8")
    return dict(yaml.load(text, Loader=_Loader))


def of_type(parsed: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """The resources of one type, by name, each as its properties."""
    return {
        name: resource.get("Properties", {})
        for name, resource in parsed["Resources"].items()
        if resource["Type"] == kind
    }


class _Loader(yaml.SafeLoader):
    pass


def _short_form(loader: _Loader, name: str, node: yaml.Node) -> dict[str, Any]:
    key = name if name in {"Ref", "Condition"} else f"Fn::{name}"
    if isinstance(node, yaml.ScalarNode):
        return {key: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {key: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {key: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _short_form)


def _environ(port: int, folder: Path) -> dict[str, str]:
    dropped = {"AWS_PROFILE", "AWS_SESSION_TOKEN", "LOCALSTACK_HOST", "PYTHONPATH"}
    return {
        **{name: value for name, value in os.environ.items() if name not in dropped},
        "PATH": f"{CLOUD}:{os.environ['PATH']}",
        "HOME": str(folder),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "DOCKER_HOST": "unix:///nonexistent",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://localhost:{port}",
        "AWS_PAGER": "",
    }


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "the emulator has ended"
        try:
            with urlopen(f"http://127.0.0.1:{port}/_ministack/health", timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise AssertionError("the emulator does not answer")
