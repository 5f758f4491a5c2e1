"""The sender: one process with keep-alive connections to a server on this machine; it stops by itself.

It knows no Django, prepares every request before the clock starts, and stays on one core, so that it takes as little as it
can of what is measured, and always of the same core.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import msgspec

CONNECTIONS = 8
SECONDS_AT_MOST = 900
BUSY = b"HTTP/1.1 503"
LAP = b"@@@@@@"  # stands in the ids of requests that are sent again, and becomes the number of the lap
ANSWER_SECONDS = 300


@dataclass
class Load:
    """What the sender measured, in seconds."""

    requests: int
    seconds: float
    latencies: list[float]
    cpu: float  # the sender's own processor time
    busy: int  # how often the server asked to send again

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds

    @property
    def p50(self) -> float:
        return median(self.latencies)

    @property
    def p95(self) -> float:
        return quantiles(self.latencies, n=20)[-1] if len(self.latencies) > 1 else self.latencies[0]


def send(
    port: int,
    path: str,
    deliveries: Iterable[tuple[str, Any]],
    *,
    rate: float | None = None,
    connections: int = CONNECTIONS,
    lasting: float | None = None,
) -> Load:
    """Let a separate process send these, as fast as responses arrive, or at a fixed rate per second.

    Each is sent once or, with `lasting`, over and over for so many seconds.
    """
    with tempfile.NamedTemporaryFile("wb", suffix=".ndjson") as file:
        for key, body in deliveries:
            file.write(key.encode() + b" " + msgspec.json.encode(body) + b"\n")
        file.flush()
        asked = {"port": port, "path": path, "file": file.name, "rate": rate, "connections": connections}
        command = [sys.executable, "-m", __name__, json.dumps(asked | {"lasting": lasting})]
        answer = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    return Load(**json.loads(answer))


def main(port: int, path: str, file: str, rate: float | None, connections: int, lasting: float | None) -> None:
    """Send the lines of the file, and return the results."""
    _stay_on_one_core()
    requests = [_request(path, *line.split(b" ", 1)) for line in Path(file).read_bytes().splitlines()]
    latencies = list[float]()
    failures, busy = list[str](), list[int]()
    places = _places(len(requests), rate, lasting)
    threads = [
        threading.Thread(target=_send, args=(port, requests, places, latencies, failures, busy), daemon=True)
        for _ in range(min(connections, len(requests)))
    ]
    started, used = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0, started + SECONDS_AT_MOST - time.perf_counter()))
    seconds = time.perf_counter() - started
    if failures or any(thread.is_alive() for thread in threads):
        sys.exit(failures[0] if failures else f"Not done within {SECONDS_AT_MOST} seconds.")
    found = {"requests": len(latencies), "seconds": seconds, "latencies": latencies, "busy": len(busy)}
    print(json.dumps(found | {"cpu": time.process_time() - used}))


def _stay_on_one_core() -> None:
    if hasattr(os, "sched_setaffinity"):  # only Linux has it
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


class _places:  # noqa: N801 -- an iterator that threads share
    """The number of each request and when it is due; with a rate it is due even if earlier ones are unanswered."""

    def __init__(self, requests: int, rate: float | None, lasting: float | None) -> None:
        self._requests, self._rate, self._lasting = requests, rate, lasting
        self._next = count()  # its `next` is atomic for all threads
        self._started = time.perf_counter()

    def __iter__(self) -> Iterator[tuple[int, float]]:
        while self._is_wanted(place := next(self._next)):
            now = time.perf_counter()
            due = self._started + place / self._rate if self._rate else now
            if due > now:
                time.sleep(due - now)
            yield place, due

    def _is_wanted(self, place: int) -> bool:
        if self._lasting is None:
            return place < self._requests
        return time.perf_counter() < self._started + self._lasting


def _send(
    port: int,
    requests: list[bytes],
    places: _places,
    latencies: list[float],
    failures: list[str],
    busy: list[int],
) -> None:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for place, due in places:
                lap, number = divmod(place, len(requests))
                request = requests[number].replace(LAP, b"%06d" % lap)
                while (answer := _asked(connection, request)).startswith(BUSY):
                    busy.append(place)
                    time.sleep(1)  # as the answer says
                latencies.append(time.perf_counter() - due)
                if not answer.startswith(b"HTTP/1.1 2"):
                    failures.append(answer[:2_000].decode(errors="replace"))
                if failures:
                    return
    except (OSError, ValueError) as error:
        failures.append(repr(error))


def _asked(connection: socket.socket, request: bytes) -> bytes:
    """Send a request, and read the whole response; the connection is then free for the next."""
    connection.sendall(request)
    answer = connection.recv(65_536)
    while b"\r\n\r\n" not in answer:
        answer += _more(connection)
    head, _, body = answer.partition(b"\r\n\r\n")
    if b"content-length:" not in head.lower():  # in pieces, of which the last is empty
        while not answer.endswith(b"\r\n0\r\n\r\n"):
            answer += _more(connection)
        return answer
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
    parts, had = [answer], len(body)
    while had < length:
        parts.append(_more(connection))
        had += len(parts[-1])
    return b"".join(parts)


def _more(connection: socket.socket) -> bytes:
    piece = connection.recv(262_144)
    if not piece:
        raise ConnectionError("The server hung up.")
    return piece


def _request(path: str, key: bytes, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key.decode()}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
