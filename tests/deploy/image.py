"""The image without a Docker engine: built by buildah from a stand-in base, run by runc with as few rights as on Fargate.

The stand-in is Debian's minimal system with the Python that the Dockerfile names, because the real base is not to be had
everywhere. Every instruction of the Dockerfile is carried out as it stands.
"""

import fcntl
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.deploy.roles import CHECKOUT

TOOLS = ("buildah", "runc", "debootstrap")
NAME = "lead-billing-engine:tested"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "lead-billing-engine" / "image"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
# What Debian's own Python would include, and the official image has.
LIBRARIES = (
    "ca-certificates,libssl3,libffi8,libsqlite3-0,libbz2-1.0,liblzma5,libreadline8,libncursesw6,zlib1g,libuuid1,"
    "libexpat1,netbase,tzdata"
)


def missing() -> str:
    """Why the image can't be built here; empty if it can."""
    lacking = [tool for tool in TOOLS if shutil.which(tool) is None]
    if lacking:
        return f"{', '.join(lacking)} not found (Debian: apt-get install {' '.join(TOOLS)})"
    if os.geteuid() != 0:
        return "only root may build and run the image"
    return "" if _python() else f"no Python {_base()[1]} to stand in for the image's base"


@dataclass
class Container:
    """One running role, with the image's own user, entry point and environment."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def execute(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command next to the role, like the image's health check."""
        return subprocess.run(["runc", "exec", self.name, *command], capture_output=True, text=True, check=False)

    def signal(self, name: str) -> None:
        """Send a signal to the role's first process only."""
        subprocess.run(["runc", "kill", self.name, name], capture_output=True, check=True)

    def stop(self) -> int:
        self.signal("TERM")
        return self.process.wait(timeout=90)


@dataclass
class Image:
    """A built image, its root mounted."""

    root: Path
    config: dict[str, Any]
    folder: Path
    running: list[Container] = field(default_factory=list)

    def start(self, role: str, *arguments: str, environ: dict[str, str]) -> Container:
        """Start a role on the host's network, read-only except for /tmp, without capabilities."""
        name = f"{role}-{uuid4().hex[:8]}"
        bundle = self.folder / name
        bundle.mkdir()
        command = [*self.config["Entrypoint"], role, *arguments]
        (bundle / "config.json").write_text(json.dumps(self._bundle(command, environ)), encoding="utf-8")
        with (bundle / "log").open("wb") as log:
            process = subprocess.Popen(
                ["runc", "run", "--bundle", str(bundle), name],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.running.append(Container(name, process, bundle / "log"))
        return self.running[-1]

    def run(self, role: str, *arguments: str, environ: dict[str, str]) -> str:
        """Run a role to its end and return its output."""
        container = self.start(role, *arguments, environ=environ)
        assert container.process.wait(timeout=300) == 0, container.said()
        return container.said()

    def end(self) -> None:
        for container in self.running:
            subprocess.run(["runc", "delete", "--force", container.name], capture_output=True, check=False)
            container.process.wait(timeout=30)

    def _bundle(self, command: Sequence[str], environ: dict[str, str]) -> dict[str, Any]:
        user, group = map(int, self.config["User"].split(":"))
        env = dict(pair.split("=", 1) for pair in self.config["Env"]) | environ
        options = ["nosuid", "noexec", "nodev"]
        mounts = [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=64k"]},
            {
                "destination": "/tmp",
                "type": "tmpfs",
                "source": "tmpfs",
                "options": [*options, "mode=1777", "size=256m"],
            },
            {
                "destination": "/dev/shm",
                "type": "tmpfs",
                "source": "shm",
                "options": [*options, "mode=1777", "size=64m"],
            },
            *(
                {"destination": file, "type": "bind", "source": file, "options": ["rbind", "ro"]}
                for file in ("/etc/resolv.conf", "/etc/hosts")
            ),
        ]
        return {
            "ociVersion": "1.0.2",
            "process": {
                "args": list(command),
                "cwd": self.config["WorkingDir"],
                "env": [f"{name}={value}" for name, value in env.items()],
                "user": {"uid": user, "gid": group},
                "capabilities": {},
                "noNewPrivileges": True,
            },
            "root": {"path": str(self.root), "readonly": True},
            "mounts": mounts,
            "linux": {"namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount")]},
        }


@contextmanager
def built() -> Iterator[Image]:
    """The image of this checkout; layers built here before are reused."""
    CACHE.mkdir(parents=True, exist_ok=True)
    store = _Store()
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        store.build()
    container = store.buildah("from", "--pull-never", NAME)
    try:
        config = json.loads(store.buildah("inspect", "--type", "image", NAME))["Docker"]["config"]
        with tempfile.TemporaryDirectory(prefix="image-") as folder:
            image = Image(root=Path(store.buildah("mount", container)), config=config, folder=Path(folder))
            try:
                yield image
            finally:
                image.end()
    finally:
        store.buildah("rm", container)


class _Store:
    """Our own images, separate from buildah's others on this machine."""

    @cached_property
    def _where(self) -> list[str]:
        return ["--root", str(CACHE / "storage"), "--runroot", str(CACHE / "run")]

    def buildah(self, command: str, *arguments: str) -> str:
        done = subprocess.run(
            ["buildah", *self._where, command, *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"buildah {command}:\n{done.stdout[-4_000:]}\n{done.stderr[-4_000:]}"
        return done.stdout.strip()

    def build(self) -> None:
        base, _version = _base()
        if not self._has(base):
            self._make_base(base)
        inside = ["--volume", f"{CERTIFICATES}:{CERTIFICATES}:ro"] if CERTIFICATES.exists() else []
        self.buildah(
            "bud", "--format", "docker", "--isolation", "chroot", "--network", "host", "--pull-never", "--layers",
            *inside, "--tag", NAME, ".",
        )  # fmt: skip

    def _has(self, image: str) -> bool:
        kept = [name for one in json.loads(self.buildah("images", "--json")) for name in one["names"] or ()]
        return any(name.endswith(f"/{image}") for name in kept)

    def _make_base(self, name: str) -> None:
        python = _python()
        assert python is not None
        with tempfile.TemporaryDirectory(prefix="base-") as folder:
            root = Path(folder) / "root"
            root.mkdir(mode=0o755)
            _run(
                "debootstrap",
                "--variant=minbase",
                f"--include={LIBRARIES}",
                name.rpartition("-")[2],
                str(root),
                _mirror(),
            )
            for part in ("bin", "include", "lib"):
                shutil.copytree(python / part, root / "usr" / "local" / part, symlinks=True, dirs_exist_ok=True)
            for left in root.glob("usr/local/lib/python3*/test"):
                shutil.rmtree(left)
            for packages in root.glob("usr/local/lib/python3*/site-packages"):
                shutil.rmtree(packages)
                packages.mkdir()
            _run("chroot", str(root), "ldconfig")
            _run("chroot", str(root), "/usr/local/bin/python3", "-m", "ensurepip")
            (root / "usr/local/bin/python").unlink(missing_ok=True)
            (root / "usr/local/bin/python").symlink_to("python3")
            container = self.buildah("from", "scratch")
            self.buildah("add", "--quiet", container, str(root), "/")
            path = "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
            self.buildah("config", "--env", path, "--cmd", "python3", container)
            self.buildah("commit", "--rm", container, name)


def _base() -> tuple[str, str]:
    """The base that the Dockerfile names, and its minor version of Python."""
    dockerfile = (CHECKOUT / "Dockerfile").read_text(encoding="utf-8")
    [name] = set(re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE))
    found = re.fullmatch(r"python:(3\.\d+)-slim-\w+(?:@\S+)?", name)
    assert found, f"an unknown base: {name}"
    return name, found[1]


def _python() -> Path | None:
    """Where that minor version of Python is completely installed on this machine."""
    minor = _base()[1]
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [*versions.glob(f"{minor}.*"), Path("/usr/local")]
    return next((place for place in candidates if (place / "bin" / f"python{minor}").is_file()), None)


def _mirror() -> str:
    """Where this machine's own apt gets its packages from."""
    sites = _run("apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages").split()
    return next(site for site in sites if "security" not in site)


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout[-2_000:]}\n{done.stderr[-2_000:]}"
    return done.stdout
