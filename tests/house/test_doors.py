"""Pages, API, commands and tasks write no rows themselves; they call the domain, which does."""

import ast
from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.test import RequestFactory
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from billing_engine.core.admin_kit import pages
from tests.house.tree import product, tree

DOORS = ("admin", "admin_kit", "api", "management")
ROWS = {"create", "update", "save", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
# What Django's admin does with a row by itself: our pages replace it with a call to the domain.
BY_DJANGO = {"save_model", "save_related", "save_formset", "save_m2m", "delete_model", "delete_queryset"}
# Named like writes, but not writes, or not to a row of ours.
NO_WRITES = {
    "billing_engine/core/admin_kit/filters.py": {"self.used_parameters.update"},  # a dictionary
    "billing_engine/management/commands/up.py": {
        "bars.update",  # a progress bar
        "company.create",  # the sample company's own function
    },
    "leads/management/commands/import_leads.py": {"progress.update"},  # a progress bar
    "pricing/management/commands/prove_period.py": {"progress.update"},  # a progress bar
}
# Pages of rows that are not ours: users, and Celery's schedule. Their own apps save them.
NOT_OURS = {User, Group, PeriodicTask, CrontabSchedule, IntervalSchedule}


def writes(module: ast.Module) -> Iterator[str]:
    """Each call in a module that would write a row, as written there."""
    for node in ast.walk(module):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        is_kept_back = any(each.arg == "commit" and ast.unparse(each.value) == "False" for each in node.keywords)
        if node.func.attr in ROWS | BY_DJANGO and not is_kept_back:
            yield ast.unparse(node.func)


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("Lead.objects.filter(pk=1).update(name='x')", ["Lead.objects.filter(pk=1).update"]),
        ("def act(row): row.save()", ["row.save"]),
        ("class Page:\n  def save_model(self, *all): super().save_model(*all)", ["super().save_model"]),
        ("formset.save(commit=False)", []),
        ("save_customer(customer)", []),
    ],
)
def test_a_write_is_seen_as_one(code: str, found: list[str]):
    assert list(writes(ast.parse(code))) == found


def test_no_door_writes_a_row():
    doors = [path for path in product() if path.name == "tasks.py" or set(path.parts) & set(DOORS)]
    offenders = {
        path.as_posix(): found
        for path in doors
        if (found := set(writes(tree(path))) - NO_WRITES.get(path.as_posix(), set()))
    }

    assert len(doors) > 100
    assert offenders == {}


def test_every_exception_is_still_needed():
    found = {path.as_posix(): set(writes(tree(path))) for path in product()}

    assert {path: names - found.get(path, set()) for path, names in NO_WRITES.items() if names - found[path]} == {}


def test_every_page_that_saves_or_deletes_does_it_by_an_act_of_ours():
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_active=True)
    offenders = []
    for model, page in admin.site._registry.items():
        if model in NOT_OURS:
            continue
        may_save = page.has_add_permission(request) or page.has_change_permission(request)
        may_delete = page.has_delete_permission(request)
        needed = ["save_model"] * may_save + ["delete_model", "delete_queryset"] * may_delete
        offenders += [f"{model.__name__}: {name}" for name in needed if not _is_ours(page, name)]

    assert offenders == []


def _is_ours(page: admin.ModelAdmin, name: str) -> bool:
    """Whether the page itself, not Django or our kit, decides what happens to the row."""
    owner = next(kind for kind in type(page).__mro__ if name in vars(kind))
    return not owner.__module__.startswith(("django.", "unfold.", pages.__name__))
