"""Python's garbage collector, while a worker handles millions of rows.

Rows are freed when the last reference to them goes. The collector looks only for cycles, which rows don't form, and it
would look through everything that the process has loaded again and again.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_found_on = list[bool]()  # by each who holds it off now, in any thread


@contextmanager
def collector_off() -> Iterator[None]:
    """Collect nothing until the last of those who hold the collector off is done."""
    with _lock:
        _found_on.append(gc.isenabled())
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            was_on = _found_on[0]  # by the first; the others found it off
            _found_on.pop()
            if was_on and not _found_on:
                gc.enable()
