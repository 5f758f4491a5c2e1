"""No process of a run outlives it, and no other process is ever ended."""

import re
import subprocess
from pathlib import Path

import psutil
import pytest

from billing_engine.local_servers import LocalServerError
from billing_engine.local_servers.account import is_alive
from billing_engine.local_servers.folder import Folder
from billing_engine.local_servers.processes import Children
from tests.local_servers.elsewhere import kill, line_of, start, wait_until

# A small web server or worker with two children.
FAMILY = ["/bin/sh", "-c", "sleep 300 & sleep 300 & echo ready; wait"]
RUN = """
import sys, time
from pathlib import Path
from billing_engine.local_servers.folder import Folder
from billing_engine.local_servers.processes import Children
with Children(Folder(Path(sys.argv[1]))) as children:
    log = children.start("web", ["/bin/sh", "-c", "sleep 300 & sleep 300 & echo ready; wait"])
    while "ready" not in log.read_text():
        time.sleep(0.01)
    print("running", flush=True)
    time.sleep(60)
"""


def family_of(folder: Folder, name: str) -> list[psutil.Process]:
    """A child by its name, and its children."""
    pids = [record["pid"] for record in folder.read("processes")["children"] if record["name"] == name]
    leader = psutil.Process(pids[0])
    return [leader, *leader.children(recursive=True)]


def alive(processes: list[psutil.Process]) -> list[bool]:
    return [is_alive(process) for process in processes]


def started(children: Children, name: str, command: list[str]) -> Path:
    """Start a child and wait for it to say that it is ready."""
    log = children.start(name, command)
    wait_until(lambda: "ready" in log.read_text(encoding="utf-8"))
    return log


def test_leaving_stops_every_child_and_their_children(folder: Folder) -> None:
    with Children(folder) as children:
        started(children, "web", FAMILY)
        started(children, "worker", FAMILY)
        everybody = family_of(folder, "web") + family_of(folder, "worker")
        assert alive(everybody) == [True] * 6
    assert alive(everybody) == [False] * 6
    assert folder.read("processes") == {}


def test_a_child_is_asked_to_finish_and_may(folder: Folder) -> None:
    with Children(folder) as children:
        log = started(
            children, "worker", ["/bin/sh", "-c", "trap 'echo finished; exit 0' TERM; echo ready; sleep 300 & wait"]
        )
    assert log.read_text(encoding="utf-8") == "ready\nfinished\n"


def test_a_child_that_does_not_finish_in_time_is_killed(folder: Folder) -> None:
    with Children(folder) as children:
        started(children, "worker", ["/bin/sh", "-c", "trap '' TERM; echo ready; sleep 300"])
        everybody = family_of(folder, "worker")
        children.stop(seconds=0.2)
        assert alive(everybody) == [False] * 2


def test_stopping_twice_is_no_mistake(folder: Folder) -> None:
    with Children(folder) as children:
        started(children, "web", FAMILY)
        children.stop()
        children.stop()


def test_a_child_that_has_ended_is_named_with_the_end_of_its_log(folder: Folder) -> None:
    with Children(folder) as children:
        started(children, "web", FAMILY)
        children.check()
        log = started(children, "worker", ["/bin/sh", "-c", "echo ready; echo the queue is gone; exit 3"])
        wait_until(lambda: not is_alive(family_of(folder, "worker")[0]))
        with pytest.raises(LocalServerError) as refusal:
            children.check()
    assert str(refusal.value) == (
        f"worker ended with exit code 3.\nThe end of {log}:\n    ready\n    the queue is gone"
    )


def test_a_program_that_is_not_there_is_named(folder: Folder) -> None:
    with (
        Children(folder) as children,
        pytest.raises(LocalServerError, match=r"nginx could not be started: .*'/no/such/nginx'"),
    ):
        children.start("nginx", ["/no/such/nginx"])


def test_the_log_of_the_run_before_is_kept_beside_the_new_one(folder: Folder) -> None:
    for word in ("ready first", "ready second"):
        with Children(folder) as children:
            log = started(children, "web", ["/bin/sh", "-c", f"echo {word}; sleep 300"])
    logs = {path.name: path.read_text(encoding="utf-8") for path in log.parent.iterdir()}
    assert logs == {"web.log": "ready second\n", "web.log.1": "ready first\n"}


def test_what_a_killed_run_left_is_ended_by_the_next(folder: Folder) -> None:
    run = start(RUN, folder.path)
    assert line_of(run) == "running"
    leftovers = family_of(folder, "web")
    kill(run)
    assert alive(leftovers) == [True] * 3
    with Children(folder):
        assert alive(leftovers) == [False] * 3


def test_grandchildren_are_ended_also_when_the_child_itself_was_killed_too(folder: Folder) -> None:
    run = start(RUN, folder.path)
    assert line_of(run) == "running"
    leader, *grandchildren = family_of(folder, "web")
    kill(run)
    leader.kill()
    wait_until(lambda: not is_alive(leader))
    assert alive(grandchildren) == [True] * 2
    with Children(folder):
        assert alive(grandchildren) == [False] * 2


def test_a_stranger_who_has_got_the_pid_of_a_leftover_is_not_ended(folder: Folder) -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as stranger:
        earlier = psutil.Process(stranger.pid).create_time() - 3600
        record = {"name": "web", "pid": stranger.pid, "started": earlier}
        folder.write("processes", {"parent": record, "mark": "an earlier run's", "children": [record]})
        with Children(folder):
            assert stranger.poll() is None
        stranger.kill()


def test_a_second_run_of_a_checkout_is_refused_and_the_first_goes_on(folder: Folder) -> None:
    run = start(RUN, folder.path)
    assert line_of(run) == "running"
    first = family_of(folder, "web")
    with pytest.raises(
        LocalServerError, match=re.escape(f"already runs, as process {run.pid}. Press Ctrl-C there first.")
    ):
        Children(folder).__enter__()
    assert alive(first) == [True] * 3
    kill(run)
    with Children(folder):
        assert alive(first) == [False] * 3
