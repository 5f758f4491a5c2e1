"""`{{ address|email }}`: an email address that a narrow column breaks after a sign, never in a word."""

import re

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def email(address: str) -> SafeString:
    """The address with a place to break after each of its signs."""
    return format_html_join("", "{}<wbr>", ((part,) for part in re.findall(r"[^@._+-]*[@._+-]|[^@._+-]+", address)))
