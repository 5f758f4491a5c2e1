"""The browser for the tests: the machine's Chromium or Chrome. As a script, make sure that there is one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MACOS = (
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
)
HOW_TO_GET_ONE = (
    "The browser tests need Chromium or Chrome: `apt install chromium` (Debian), `snap install chromium` (Ubuntu), "
    "`brew install --cask chromium` (macOS), or name one in CHROMIUM."
)


def found() -> str | None:
    """Return the browser's executable, if any: $CHROMIUM, one on the path, or an application on macOS."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    on_path = next((path for name in NAMES if (path := shutil.which(name))), None)
    return on_path or next((str(path) for path in MACOS if path.exists()), None)


def main() -> None:
    """Print the browser found; otherwise install one (as root on Debian), or say how to get one and fail."""
    if not found() and os.geteuid() == 0 and Path("/etc/debian_version").exists() and shutil.which("apt-get"):
        print("Installing Debian's chromium …", flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=True, env=quiet)
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"], check=True, env=quiet
        )
    if not found():
        sys.exit(HOW_TO_GET_ONE)


if __name__ == "__main__":
    main()
