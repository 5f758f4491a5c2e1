"""The rules for tasks: named, called by name from their app or below, tolerant, and on a queue that a worker reads."""

import ast
import inspect
from pathlib import Path

from celery import Celery
from django.conf import settings

import invoices.tasks
import leads.tasks
import pricing.tasks
import receivables.tasks
import reports.tasks
from billing_engine.celery import app
from billing_engine.core.queues.queue import Queue
from billing_engine.management.commands.up import WORKERS
from billing_engine.operations.schedule import EDITABLE
from tests.house.tree import LAYERS, ROOT, nodes, product, storey

ASKING = {Path("billing_engine/core/tasks.py"), Path("billing_engine/core/queues/queue.py")}  # these ask for others
SHORT = {"billing_engine": "core"}  # the label of its app


def queues() -> tuple[Queue, ...]:
    """All queues, of all apps."""
    return tuple(queue for app in (leads, pricing, invoices, receivables, reports) for queue in app.tasks.QUEUES)


def test_every_kind_of_work_is_swept_by_its_app():
    assert sorted(type(queue).__name__ for queue in queues()) == sorted(kind.__name__ for kind in _kinds_of(Queue))


def test_every_task_has_a_name_of_its_own_app_and_takes_nothing_by_position():
    offenders = [
        f"{path}:{function.lineno} {function.name}"
        for path, function, decorator in _tasks()
        if not (
            isinstance(decorator, ast.Call)
            and _name_given(decorator).startswith(f"{SHORT.get(path.parts[0], path.parts[0])}.")
            and not (function.args.args or function.args.posonlyargs or function.args.vararg)
            and function.args.kwarg is not None
            and function.args.kwarg.arg == "_"
        )
    ]

    assert list(_tasks())
    assert offenders == []


def test_every_name_that_is_asked_for_is_a_task():
    assert {name for name, *_ in _asked_for()} | _on_schedule() <= _registered()


def test_every_task_waits_on_a_queue_that_the_worker_listens_to():
    queues = {name: app.amqp.router.route({}, name)["queue"].name for name in sorted(_registered())}

    assert {name: queue for name, queue in queues.items() if queue not in _listened_to()} == {}


def test_mails_and_documents_have_workers_of_their_own_in_every_way_to_start_them():
    assert set(WORKERS["outgoing"].split(",")).isdisjoint(WORKERS["worker"].split(","))
    roles = (ROOT / "deploy/entrypoint.sh").read_text()
    assert [f"{role}) queues={queues}" in roles for role, queues in WORKERS.items()] == [True] * len(WORKERS)
    assert all(f"command: [{role}]" in (ROOT / "deploy/compose.yml").read_text() for role in WORKERS)
    assert all(f"Command: [{role}]" in (ROOT / "templates/ecs.service.yml").read_text() for role in WORKERS)


def test_every_task_is_asked_for_by_somebody():
    assert _registered() == {name for name, *_ in _asked_for()} | _on_schedule()


def test_every_task_that_is_asked_for_only_once_has_a_sweep_in_its_app():
    """A message may be lost: whatever the code requests, the schedule requests again."""
    swept = {name.split(".")[0] for name in _on_schedule() if name.endswith(".sweep")}

    assert {name.split(".")[0] for name, *_ in _asked_for()} == swept


def test_no_storey_names_a_task_of_a_storey_above():
    offenders = [
        f"{path}:{line} {name}"
        for name, path, line in _asked_for()
        if LAYERS.index(name.split(".")[0]) > LAYERS.index(storey(path))
    ]

    assert offenders == []


def test_the_name_of_a_task_is_written_where_it_is_asked_for():
    offenders = [f"{path}:{call.lineno}" for path, call in _calls() if _first_text(call) is None]

    assert offenders == []


def _kinds_of(base: type[Queue]) -> set[type[Queue]]:
    """The kinds of work, without base classes."""
    ours = [kind for kind in base.__subclasses__() if not kind.__module__.startswith("tests.")]
    return {each for kind in ours for each in (_kinds_of(kind) or {kind})}


def _tasks() -> list[tuple[Path, ast.FunctionDef, ast.expr]]:
    return [
        (path, function, decorator)
        for path in product()
        for function in nodes(path, ast.FunctionDef)
        for decorator in function.decorator_list
        if _called(decorator) in {"shared_task", "task"}
    ]


def _called(node: ast.expr) -> str:
    function = node.func if isinstance(node, ast.Call) else node
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _name_given(decorator: ast.Call) -> str:
    return next((str(ast.literal_eval(word.value)) for word in decorator.keywords if word.arg == "name"), "")


def _calls() -> list[tuple[Path, ast.Call]]:
    return [
        (path, call)
        for path in product()
        for call in nodes(path, ast.Call)
        if _called(call) in {"after_commit", "send_task"} and path not in ASKING
    ]


def _first_text(call: ast.Call) -> str | None:
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def _asked_for() -> list[tuple[str, Path, int]]:
    by_name = [(name, path, call.lineno) for path, call in _calls() if (name := _first_text(call))]
    by_queue = [(queue.task, Path(inspect.getfile(type(queue))).relative_to(ROOT), 0) for queue in queues()]
    return by_name + by_queue


def _on_schedule() -> set[str]:
    movable = {task for task, _ in EDITABLE.values()}
    return {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} | movable


def _registered() -> set[str]:
    celery: Celery = app
    celery.loader.import_default_modules()
    return {name for name in celery.tasks if not name.startswith("celery.")}


def _listened_to() -> set[str]:
    return {queue for queues in WORKERS.values() for queue in queues.split(",")}
