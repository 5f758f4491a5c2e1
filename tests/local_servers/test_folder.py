"""The checkout's folder is private, its states are written atomically, and a killed command leaves no lock."""

import os
import stat
from pathlib import Path

import pytest

from billing_engine.local_servers import LocalServerError
from billing_engine.local_servers.folder import Folder
from tests.local_servers.elsewhere import kill, line_of, start


def test_everything_in_the_folder_is_for_its_owner_only(place: Path) -> None:
    folder = Folder(place / "var" / "dev")
    with folder.lock("postgres"):
        folder.write("postgres", {"port": 1})
    modes = {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in [folder.path, *folder.path.iterdir()]}
    assert modes == {"dev": "0o700", "postgres.json": "0o600", "postgres.lock": "0o600"}


def test_a_state_is_replaced_whole_and_the_others_stay(place: Path) -> None:
    folder = Folder(place)
    folder.write("redis", {"port": 1, "password": "a"})
    folder.write("postgres", {"port": 2})
    folder.write("redis", {"port": 3})
    assert [folder.read("redis"), folder.read("postgres"), folder.read("unknown")] == [{"port": 3}, {"port": 2}, {}]


def test_a_state_that_is_no_json_is_named_with_what_to_do(place: Path) -> None:
    (place / "redis.json").write_text("{", encoding="utf-8")
    with pytest.raises(
        LocalServerError, match=rf"{place}/redis.json is not readable JSON .* Delete {place} to start over\."
    ):
        Folder(place).read("redis")


def test_a_command_killed_inside_the_lock_locks_nobody_out(place: Path) -> None:
    code = """
import sys, time
from pathlib import Path
from billing_engine.local_servers.folder import Folder
with Folder(Path(sys.argv[1])).lock("postgres"):
    print("inside", flush=True)
    time.sleep(60)
"""
    holder = start(code, place)
    assert line_of(holder) == "inside"
    kill(holder)
    with Folder(place).lock("postgres"):
        pass


@pytest.mark.usefixtures("as_root")
def test_a_folder_of_another_user_is_refused(place: Path) -> None:
    os.chown(place, 65534, -1)
    with pytest.raises(
        LocalServerError, match=r"belongs to user number 65534 and you are number 0\. Run the command as that"
    ):
        Folder(place).make()
