"""First paint on a slow phone: a real Chromium, slowed down, at a real server."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

from django.core.management import call_command
from django.test import Client, override_settings
from playwright.sync_api import BrowserContext, sync_playwright

from billing_engine.local_servers.folder import Folder
from tests.bench.intake.server import server
from tests.bench.portal.pages import addresses
from tests.bench.portal.world import World
from tests.e2e import chromium

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 2,
}
NOT_OF_THE_PORTAL = ["admin", "unfold", "drf_spectacular_sidecar", "rest_framework"]
SLOW_NETWORK = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1.6e6 / 8,
    "uploadThroughput": 750e3 / 8,
}
FIRST_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


@dataclass(frozen=True, slots=True)
class Painted:
    """A page, and how long until something of it is seen, in milliseconds."""

    page: str
    ms: float


def painted(folder: Folder, there: World, browser: Client, *, times: int) -> list[Painted]:
    """Open each page so many times with nothing in the cache."""
    first = {address.page: address.path for address in reversed(list(addresses(there)))}
    found = []
    collected = folder.path / "static"
    with override_settings(STATIC_ROOT=collected):
        call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=NOT_OF_THE_PORTAL)
    os.environ["COLLECTED"] = str(collected)
    web = server(folder, settings="tests.bench.portal.settings")
    with web as served, _phone(f"http://localhost:{served.port}", browser) as phone:
        for page, path in reversed(first.items()):
            found.append(Painted(page, median(_paint(phone, path) for _ in range(times))))
    return found


@contextmanager
def _phone(address: str, browser: Client) -> Iterator[BrowserContext]:
    """Logged in with the browser's cookies."""
    program = chromium.found()
    if program is None:
        raise RuntimeError(chromium.HOW_TO_GET_ONE)
    with sync_playwright() as playwright:
        app = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        context = app.new_context(base_url=address, **PHONE)
        context.add_cookies(
            [{"name": name, "value": each.value, "url": address} for name, each in browser.cookies.items()]
        )
        yield context
        app.close()


def _paint(phone: BrowserContext, path: str) -> float:
    page = phone.new_page()
    devices = phone.new_cdp_session(page)
    devices.send("Network.enable")
    devices.send("Network.setCacheDisabled", {"cacheDisabled": True})
    devices.send("Network.emulateNetworkConditions", SLOW_NETWORK)
    devices.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    answer = page.goto(path)
    if answer is None or answer.status != 200:
        raise RuntimeError(f"{path}: {answer and answer.status}")
    page.wait_for_function(FIRST_PAINT)
    ms: float = page.evaluate(FIRST_PAINT)
    page.close()
    return ms
