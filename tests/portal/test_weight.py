"""No page of the portal loads more scripts and styles than a phone can take."""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from leads.models import Customer
from tests.portal.all_pages import Shown, all_pages

pytestmark = pytest.mark.django_db

MOST = 100_000  # bytes, compressed as nginx does
LOADED = re.compile(r'<script[^>]*\bsrc="([^"]+)"|<link[^>]*rel="stylesheet"[^>]*href="([^"]+)"')
WRITTEN = re.compile(r"<(script|style)\b[^>]*>(.*?)</\1>", re.DOTALL)


def test_no_page_has_more_than_100_kb_of_scripts_and_styles(northlight: Customer) -> None:
    weights = {shown.name: _weight(shown) for shown in all_pages(northlight)}

    assert {name: weight for name, weight in weights.items() if weight > MOST} == {}
    assert max(weights.values()) > 3_000  # the sheet of the portal was found


def _weight(shown: Shown) -> int:
    """The bytes of all files and all that is written into the page, compressed one by one."""
    page = shown.client.get(shown.address).content.decode()
    files = [_file(shown, script or sheet) for script, sheet in LOADED.findall(page)]
    written = [content.encode() for _, content in WRITTEN.findall(page)]
    return sum(len(gzip.compress(each, 5)) for each in (*files, *written) if each)


def _file(shown: Shown, address: str) -> bytes:
    if not address.startswith("/static/"):
        return bytes(shown.client.get(address).content)
    path = finders.find(address.removeprefix("/static/"))
    assert path, address
    return Path(path).read_bytes()
