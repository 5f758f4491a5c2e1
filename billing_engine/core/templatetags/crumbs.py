"""Breadcrumbs: a list by its menu title, a row by its name, preceded by what it belongs to."""

from typing import Any

from django import template
from django.contrib import admin
from django.db.models import Model
from django.urls import reverse

from billing_engine.core.admin_kit.menu import title_of

register = template.Library()

Part = dict[str, Any]


@register.filter
def crumbs(parts: list[Part]) -> list[Part]:
    """Unfold's parts without the leading app, which has no page."""
    *before, last = parts
    row = last["title"]
    if not isinstance(row, Model):
        return [_list(last)] if before else [{**last, "title": _capitalized(str(row))}]
    above = _above(row)
    if above is not None:
        return [_list_of(above), _row(above), {**last, "title": str(row)}]
    return [*(_list(each) for each in before[-1:]), {**last, "title": str(row)}]


def named(address: str, otherwise: str) -> str:
    """A list's name: the menu's, if it has one."""
    return title_of(address) or _capitalized(otherwise)


def _list(part: Part) -> Part:
    return {**part, "title": named(str(part["link"]), str(part["title"]))}


def _list_of(row: Model) -> Part:
    meta = row._meta
    address = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    return {"link": address, "title": named(address, str(meta.verbose_name_plural))}


def _row(row: Model) -> Part:
    meta = row._meta
    return {"link": reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk]), "title": str(row)}


def _above(row: Model) -> Model | None:
    """What the row belongs to, as its page says."""
    if not admin.site.is_registered(type(row)):
        return None
    above = getattr(admin.site.get_model_admin(type(row)), "above", None)
    return above(row) if above else None


def _capitalized(words: str) -> str:
    return words[:1].upper() + words[1:]
