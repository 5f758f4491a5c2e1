"""A relay that makes a server farther away: what clients send arrives later. Not every kernel can delay packets itself."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

PIECE = 1 << 20


@dataclass
class Relay:
    """A running relay; `requests` counts what clients sent and waited for."""

    port: int
    requests: int = 0


@contextmanager
def relay(host: str, *, to_port: int, milliseconds: float) -> Iterator[Relay]:
    """Listen on a free port of this host's address, and pass on to a port of loopback."""
    asked = json.dumps({"host": host, "to_port": to_port, "delay": milliseconds / 1e3})
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, asked], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin
    assert process.stdout
    try:
        found = Relay(int(process.stdout.readline()))
        yield found
        process.stdin.close()
        found.requests = int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


class Server:
    """Counts a request whenever a client sends after it was answered."""

    def __init__(self, to_port: int, delay: float) -> None:
        self._to_port, self._delay = to_port, delay
        self.requests = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._to_port)
        late = asyncio.Queue[tuple[float, bytes]]()
        waits = asyncio.Event()
        tasks = [
            asyncio.create_task(each)
            for each in (self._take(reader, late, waits), self._later(late, back), self._answers(there, writer, waits))
        ]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        for end in (writer, back):
            with suppress(OSError):
                end.close()

    async def _take(
        self, reader: asyncio.StreamReader, late: asyncio.Queue[tuple[float, bytes]], waits: asyncio.Event
    ) -> None:
        loop = asyncio.get_running_loop()
        while piece := await reader.read(PIECE):
            if not waits.is_set():
                waits.set()
                self.requests += 1
            late.put_nowait((loop.time() + self._delay, piece))

    async def _later(self, late: asyncio.Queue[tuple[float, bytes]], back: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, piece = await late.get()
            if (left := due - loop.time()) > 0:
                await asyncio.sleep(left)
            back.write(piece)
            await back.drain()

    async def _answers(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter, waits: asyncio.Event) -> None:
        while piece := await there.read(PIECE):
            waits.clear()
            writer.write(piece)
            await writer.drain()


async def main(host: str, to_port: int, delay: float) -> None:
    """Serve until standard input is closed; say the port first, and the number of requests at the end."""
    relaying = Server(to_port, delay)
    server = await asyncio.start_server(relaying.serve, host, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    print(relaying.requests, flush=True)


if __name__ == "__main__":
    asyncio.run(main(**json.loads(sys.argv[1])))
