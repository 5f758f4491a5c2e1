"""The sign that a worker or beat leaves while its loop goes round; `deploy/entrypoint.sh health` looks at its age.

A process that hangs, in a system call or in a loop of its own, leaves none, and its container is replaced.
"""

import os
from pathlib import Path

EVERY_SECONDS = 5.0


def leave() -> None:
    """Touch the file in the container's scratch folder; outside a container there is none."""
    scratch = os.environ.get("SCRATCH")
    if scratch:
        (Path(scratch) / "heartbeat").touch()
