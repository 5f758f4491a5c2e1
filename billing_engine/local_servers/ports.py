"""Find a free TCP port near the preferred one, so that a second checkout or another server causes no conflict."""

import socket

from billing_engine.local_servers.errors import LocalServerError

_TRIES = 200
_LAST_PORT = 65535


def free_port(preferred: int, host: str = "127.0.0.1") -> int:
    """The preferred port, or the next one without a listener.

    Another process may take the port before the caller binds it. Only the bind decides: the caller asks again if its
    server could not bind.
    """
    for port in range(preferred, min(preferred + _TRIES, _LAST_PORT + 1)):
        if is_free(port, host):
            return port
    raise LocalServerError(f"No free port on {host} from {preferred} on. Stop some servers, or choose another port.")


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen there now."""
    return not _answers(port, host) and _can_listen(port, host)


def _answers(port: int, host: str) -> bool:
    """macOS lets us bind 127.0.0.1 next to a listener on all addresses; only connecting reveals that one."""
    with socket.socket(_family(host)) as caller:
        caller.settimeout(0.5)
        return caller.connect_ex((host, port)) == 0


def _can_listen(port: int, host: str) -> bool:
    with socket.socket(_family(host)) as listener:
        # Like servers do: connections of a server that has just ended (TIME_WAIT) do not keep its port occupied.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(1)
        except OSError:
            return False
    return True


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
