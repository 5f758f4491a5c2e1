"""Stopping always completes, whatever signals arrive meanwhile."""

import signal
from pathlib import Path

import psutil

from billing_engine.local_servers.account import environment
from billing_engine.local_servers.folder import Folder
from billing_engine.local_servers.processes import MARK
from tests.local_servers.elsewhere import kill, line_of, start, wait_until

# A small `make run`: the same classes, used in the same order.
RUN = """
import os, signal, sys, time
from pathlib import Path
from billing_engine.local_servers.folder import Folder
from billing_engine.local_servers.processes import Children
from billing_engine.local_servers.interrupts import Interrupts

def run(children, signals, program, go_on):
    try:
        with signals.raising():
            children.claim()
            for name in ("web", "worker"):
                with signals.held():
                    children.start(name, program)
            go_on()
    except KeyboardInterrupt:
        pass
    finally:
        children.stop()

children = Children(Folder(Path(sys.argv[1])))
signals = Interrupts(awaited=lambda: ", ".join(children.awaited()), force=children.kill)
signals.install()
"""
STUBBORN = (
    RUN
    + """
def go_on():
    while any("ready" not in (children._folder.path / "logs" / f"{name}.log").read_text() for name in ("web", "worker")):
        time.sleep(0.01)
    print("running", flush=True)
    time.sleep(60)

run(children, signals, ["/bin/sh", "-c", "trap '' TERM; echo ready; sleep 300 & wait; sleep 300"], go_on)
"""
)
# One run for each line of stopping and starting that can be interrupted: the signal comes at that line, in addition to
# the one that ends the run.
AT_EVERY_LINE = (
    RUN
    + """
import psutil
from billing_engine.local_servers.account import environment
from billing_engine.local_servers.processes import MARK

FUNCTIONS = {"run", "raising", "held", "_raise_if_due", "start", "_remember", "stop", "_started"}
FILES = {"processes.py", "interrupts.py", "<string>"}

def at(line, passed):
    def trace(frame, event, _argument):
        code = frame.f_code
        if code.co_name not in FUNCTIONS or os.path.basename(code.co_filename) not in FILES:
            return None
        if event == "line":
            passed.append(frame.f_lineno)
            if len(passed) == line:
                os.kill(os.getpid(), signal.SIGTERM)
        return trace
    return trace

def lines_passed(line):
    children = Children(Folder(Path(sys.argv[1])))
    Interrupts(awaited=lambda: "", force=lambda: None).install()
    signals = Interrupts(awaited=lambda: "", force=lambda: None)
    signals.install()
    passed = []
    sys.settrace(at(line, passed))
    try:
        run(children, signals, ["sleep", "300"], lambda: os.kill(os.getpid(), signal.SIGINT))
    finally:
        sys.settrace(None)
    marks = [environment(process).get(MARK) for process in psutil.process_iter()]
    if children._mark in marks or children._folder.read("processes"):
        sys.exit(f"a signal at line {line} left {marks.count(children._mark)} processes")
    return len(passed)

for line in range(1, lines_passed(-1) + 1):
    lines_passed(line)
print("nothing was ever left")
"""
)


def marked(mark: str) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if environment(process).get(MARK) == mark]


def test_a_signal_at_any_line_of_starting_or_stopping_leaves_no_child_behind(folder: Folder) -> None:
    run = start(AT_EVERY_LINE, folder.path)
    assert run.communicate(timeout=300)[0] == "nothing was ever left\n"


def test_a_second_signal_says_what_is_awaited_and_a_third_ends_it_by_force(folder: Folder, place: Path) -> None:
    run = start(STUBBORN, folder.path, errors=place / "errors")
    assert line_of(run) == "running"
    mark = folder.read("processes")["mark"]
    said: list[str] = []
    for number, words in (
        (signal.SIGINT, ""),
        (signal.SIGTERM, "Still waiting for"),
        (signal.SIGINT, "Killed all processes"),
    ):
        run.send_signal(number)
        wait_until(lambda words=words: words in (place / "errors").read_text())
        said.append((place / "errors").read_text())
    assert run.wait(timeout=10) == 130
    kill(run)
    assert said[1:] == [
        "Still waiting for web, worker. Press Ctrl-C again to kill everything.\n",
        "Still waiting for web, worker. Press Ctrl-C again to kill everything.\nKilled all processes.\n",
    ]
    assert marked(mark) == []
