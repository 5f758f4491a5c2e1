"""What each expression of a mapping finds in one record, as it is before it gets a form: for the preview."""

from collections.abc import Iterator
from typing import Any

from leads.domain.mapping.language.converter import RecordRefused, Scope, scopes_in
from leads.domain.mapping.language.document import Document
from leads.domain.mapping.language.expressions import Expression
from leads.domain.mapping.language.steps import begin
from leads.domain.mapping.language.unreadable import NotConverted


def finds(document: Document, record: dict[str, Any]) -> dict[str, Any]:
    """Return what each expression finds first, by the pointer of its field; nothing for one that fails."""
    found: dict[str, Any] = {}
    begin()
    for pointer, expression, scope in _uses(document, record):
        try:
            found[pointer] = expression.find(scope.values)
        except NotConverted:
            continue
    return found


def _uses(document: Document, record: dict[str, Any]) -> Iterator[tuple[str, Expression, Scope]]:
    outer = Scope(record)
    for name, expression in (("/when", document.when), ("/leads_from", document.leads_from)):
        if expression:
            yield name, expression, outer
    lead = _first(document.leads_from, outer)
    if lead is None:
        return
    yield from ((field.pointer, field.source, lead) for field in document.fields if field.source)
    for template in document.actions:
        if template.each:
            yield f"{template.pointer}/each", template.each, lead
        scope = _first(template.each, lead)
        if scope is None:
            continue
        if template.when:
            yield f"{template.pointer}/when", template.when, scope
        yield from ((field.pointer, field.source, scope) for field in template.fields if field.source)


def _first(each: Expression | None, scope: Scope) -> Scope | None:
    """Return the scope of the first part of a list, or the same scope if there is no list to go through."""
    if each is None:
        return scope
    try:
        return next(iter(scopes_in(each, scope, "each", most=1_000_000)), None)
    except RecordRefused:
        return None
