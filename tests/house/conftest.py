"""What the tests of the house share."""

from typing import Any

import pytest
from django.contrib.admin import AdminSite
from unfold.sites import UnfoldAdminSite

A_MENU = [{"title": "Menu", "items": [{"title": "At a glance", "link": "/admin/", "has_permission": True}]}]


@pytest.fixture
def short_menu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A menu of one item: the whole one is most of a page's time, and tests that ask for each page look at other things."""

    def menu(*_: Any) -> list[dict[str, Any]]:
        return A_MENU

    def apps(*_: Any, **__: Any) -> list[Any]:
        return []

    monkeypatch.setattr(UnfoldAdminSite, "get_sidebar_list", menu)
    monkeypatch.setattr(AdminSite, "get_app_list", apps)
