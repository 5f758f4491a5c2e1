"""`.dockerignore` lets in everything that the Dockerfile copies."""

import re
from pathlib import Path

from tests.deploy.roles import CHECKOUT

DOCKERFILE = (CHECKOUT / "Dockerfile").read_text(encoding="utf-8")


def test_every_file_that_the_dockerfile_copies_is_let_into_the_build() -> None:
    let_in = {line[1:] for line in (CHECKOUT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    files = {part for copy in copies for part in copy.split() if part != "."}

    compiled = {"requirements-compile.txt", "pricing/__init__.py", "pricing/rating", "deploy/compile.py"}
    assert files == {"requirements.txt", "requirements-watch.txt"} | compiled
    assert {file.partition("/")[0] for file in files} - let_in == set()


def test_the_compiler_compiles_with_the_python_that_runs_and_stays_in_its_own_stage() -> None:
    stages = [stage for stage in re.split(r"^(?=FROM )", DOCKERFILE, flags=re.MULTILINE) if stage.startswith("FROM ")]

    assert len({stage.split()[1] for stage in stages}) == 1
    assert [stage.split()[3] for stage in stages if "gcc" in stage] == ["compile"]
    assert "AS" not in stages[-1].splitlines()[0]


def test_every_package_of_the_product_is_in_the_image_and_compiled_in_it() -> None:
    packages = {path.parent.name for path in CHECKOUT.glob("*/__init__.py")} - {"tests"}
    let_in = {line[1:] for line in (CHECKOUT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    [compiled] = re.findall(r"compileall -q /venv/lib (.+)$", DOCKERFILE, re.MULTILINE)

    assert packages - let_in == set()
    assert set(compiled.split()) == packages
    assert {path for path in let_in if not (CHECKOUT / Path(path)).exists()} == set()
