"""`{% heads "Source" "Code" ">Items" %}`: a table head in one line."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

NUMBER = ">"  # prefix of a column's name: its numbers are right-aligned, and so is the name


@register.simple_tag
def heads(*names: str, number: str = "lb-right") -> SafeString:
    """A table head with these columns; `number` is the CSS class of number columns."""
    cells = ((_class(name, number), name.removeprefix(NUMBER)) for name in names)
    row = format_html_join("", '<th scope="col"{}>{}</th>', cells)
    return format_html("<thead><tr>{}</tr></thead>", row)


def _class(name: str, number: str) -> SafeString | str:
    return format_html(' class="{}"', number) if name.startswith(NUMBER) else ""
