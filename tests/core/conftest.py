"""The email queue needs a server, and erasures a key and an archive that outlives the worker."""

from pathlib import Path

import pytest
from django.conf import LazySettings

from tests.invoices.conftest import post_office  # noqa: F401 -- a fixture is found where it is imported


@pytest.fixture(autouse=True)
def _outside(settings: LazySettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """For this process, and for the workers that it starts."""
    monkeypatch.setenv("PSEUDONYM_KEY", "ab" * 32)
    monkeypatch.setenv("ARCHIVE_FOLDER", str(tmp_path))
    settings.PSEUDONYM_KEY = "ab" * 32
    folder = {"BACKEND": "billing_engine.core.outside.folder.WriteOnceFolder", "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = settings.STORAGES | {"archive": folder}
