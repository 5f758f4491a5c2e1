"""Log formats: JSON for machines, a plain line for local use. All libraries log the same way."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from structlog.processors import ExceptionRenderer, format_exc_info
from structlog.tracebacks import ExceptionDictTransformer

from billing_engine.core import log_context
from billing_engine.operations.monitoring.redaction import masked

JSON = "json"
LINES = "lines"
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

# Extra fields of a log line. What other libraries attach (a task's arguments, a request) is left out.
TOLD = ("method", "path", "route", "status", "ms", "user", "source", "address", "task", "task_id", "state", "result")

# Fields that the message of a plain line already contains.
IN_WORDS = {"method", "path", "status", "ms", "state"}

FRAMES = 30

# No line names these, so no record looks for them: by the standard library's guide (logging HOWTO, "Optimization").
logging._srcfile = None  # noqa: SLF001 -- as its guide says
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False

# Our own lines contain the same; these repeat it or log too often.
QUIETER: dict[str, Any] = {
    "django.request": {"level": "ERROR"},  # below: responses to requests, which have their own line
    "celery.beat": {"level": "WARNING"},
    "celery.worker.strategy": {"level": "WARNING"},
    "celery.app.trace": {"level": "WARNING"},
    "django.db.backends": {"level": "INFO"},  # below: statements with their values
    # gunicorn adds its own handler to this one.
    "gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True},
}


def logging_config(*, form: str, level: str) -> dict[str, Any]:
    """The `LOGGING` setting; `form` is `json` or `lines`."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"trail": {"()": "billing_engine.operations.monitoring.logs.formatter", "form": form}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "trail"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": QUIETER,
    }


def formatter(*, form: str) -> logging.Formatter:
    """Builds a line from message, ids, extra fields and exception, and redacts it."""
    return Formatter(form)


class Formatter(logging.Formatter):
    """Formats records of every library; each request has a line, so only exceptions go through structlog."""

    def __init__(self, form: str) -> None:
        super().__init__()
        if form == JSON:
            self._exceptions: Any = ExceptionRenderer(ExceptionDictTransformer(show_locals=False, max_frames=FRAMES))
            self._written: Callable[[dict[str, Any]], str] = _as_json
        else:
            self._exceptions, self._written = format_exc_info, _as_line

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "timestamp": at.isoformat().replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **log_context.ids(),
        }
        extra = record.__dict__
        line |= {name: extra[name] for name in TOLD if name in extra}
        if record.stack_info:
            line["stack_info"] = record.stack_info
        if record.exc_info:
            line = self._exceptions(None, "", line | {"exc_info": record.exc_info})
        return self._written(masked(line))


def _as_json(line: dict[str, Any]) -> str:
    return msgspec.json.encode(line, enc_hook=str).decode()


def _as_line(line: dict[str, Any]) -> str:
    words = " ".join(str(line.pop(key)) for key in ("timestamp", "level", "logger", "event"))
    exception = line.pop("exception", "")
    extra = " ".join(f"{key}={value}" for key, value in line.items() if key not in IN_WORDS)
    # One record stays on one line, whatever an address contains.
    first = f"{words} {extra}".rstrip().replace("\r", "\\r").replace("\n", "\\n")
    return f"{first}\n{exception}" if exception else first
