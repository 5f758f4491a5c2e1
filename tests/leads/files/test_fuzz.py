"""Any bytes are read, or refused in words: mutated real files for each reader, and a bounded run of atheris."""

import importlib.util
import logging
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing_engine.core.errors import Refused
from leads.domain.files.look.look import look
from leads.domain.files.reading import Kind
from tests.house.tree import ROOT
from tests.leads.files.readable import READERS, ROWS, SEEDS, WORKBOOKS

RUNS = 2_000
SECONDS = 300

Edit = tuple[str, float, bytes]
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["replace", "insert", "delete", "repeat", "cut"]),
        st.floats(0, 1),
        st.binary(min_size=1, max_size=4)
        | st.sampled_from([b'"', b"\n", b"\r", b"\0", b"\xff\xfe", b"{", b"]", b"9" * 20]),
    ),
    min_size=1,
    max_size=4,
)


def edited(seed: bytes, edits: list[Edit]) -> bytes:
    """A file with some bytes replaced, inserted, left out, repeated, or cut off."""
    for how, share, some in edits:
        at = int(share * len(seed))
        head, tail = seed[:at], seed[at:]
        seed = {
            "replace": head + some + tail[len(some) :],
            "insert": head + some + tail,
            "delete": head + tail[len(some) * 4 :],
            "repeat": head + tail[:64] * 3 + tail[64:],
            "cut": head,
        }[how]
    return seed


@pytest.mark.parametrize("name", SEEDS)
def test_each_text_that_is_damaged_is_read_or_refused_in_words(name: str, tmp_path: Path):
    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(SEEDS[name]), EDITS)
    def try_it(seed: bytes, edits: list[Edit]) -> None:
        with suppress(Refused):
            READERS[name](edited(seed, edits), tmp_path / "upload")

    try_it()


@pytest.mark.parametrize("name", WORKBOOKS)
def test_each_workbook_that_is_damaged_is_read_or_refused_in_words(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(EDITS)
    def try_it(edits: list[Edit]) -> None:
        caplog.clear()
        with suppress(Refused):
            READERS[name](edited(WORKBOOKS[name], edits), tmp_path / f"upload.{name}")
        assert [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR] == []

    try_it()


@pytest.mark.parametrize("name", WORKBOOKS)
def test_workbooks_in_each_format_are_read_alike(name: str, tmp_path: Path):
    path = tmp_path / "upload"
    path.write_bytes(WORKBOOKS[name])

    seen = look(path)

    assert (seen.reading.kind, list(seen.columns)) == (Kind.WORKBOOK, ROWS[0])
    assert [list(row.cells) for row in seen.rows] == [[str(cell) for cell in row] for row in ROWS[1:]]


@pytest.mark.processes
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris has no wheel for this machine")
@pytest.mark.parametrize("name", SEEDS)
def test_atheris_finds_nothing_in_a_bounded_run(name: str):
    program = [sys.executable, "-m", "tests.leads.files.fuzz", name, f"-runs={RUNS}", "-seed=1"]

    done = subprocess.run(
        program, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=SECONDS, check=False
    )

    assert done.returncode == 0, done.stderr[-4000:]
