"""Log formats: JSON for machines, a plain line for local use. All libraries log the same way."""

import logging
from collections.abc import Mapping, MutableMapping
from typing import Any

import msgspec
import structlog
from structlog.processors import ExceptionRenderer, TimeStamper, format_exc_info
from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_log_level, add_logger_name
from structlog.tracebacks import ExceptionDictTransformer

from billing_engine.operations.monitoring.redaction import masked

JSON = "json"
LINES = "lines"
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

# Extra fields of a log line. What other libraries attach (a task's arguments, a request) is left out.
TOLD = ("method", "path", "route", "status", "ms", "user", "source", "address", "task", "task_id", "state", "result")

# Fields that the message of a plain line already contains.
IN_WORDS = {"method", "path", "status", "ms", "state"}

FRAMES = 30

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
    exceptions = (
        ExceptionRenderer(ExceptionDictTransformer(show_locals=False, max_frames=FRAMES))
        if form == JSON
        else format_exc_info
    )
    return ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            ExtraAdder(allow=TOLD),
            add_log_level,
            add_logger_name,
            TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            ProcessorFormatter.remove_processors_meta,
            exceptions,
            lambda _logger, _name, line: masked(line),
            _as_json if form == JSON else _as_line,
        ],
    )


def _as_json(_logger: object, _name: str, line: Mapping[str, Any]) -> str:
    first = {key: line[key] for key in ("timestamp", "level", "logger", "event")}
    return msgspec.json.encode({**first, **line}, enc_hook=str).decode()


def _as_line(_logger: object, _name: str, line: MutableMapping[str, Any]) -> str:
    words = " ".join(str(line.pop(key)) for key in ("timestamp", "level", "logger", "event"))
    exception = line.pop("exception", "")
    extra = " ".join(f"{key}={value}" for key, value in line.items() if key not in IN_WORDS)
    # One record stays on one line, whatever an address contains.
    first = f"{words} {extra}".rstrip().replace("\r", "\\r").replace("\n", "\\n")
    return f"{first}\n{exception}" if exception else first
