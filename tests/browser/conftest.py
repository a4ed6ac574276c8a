"""A real Chromium against a live server. Every visit fails if a page asked another host for anything, or if a script or
the content security policy complained.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from server import translations
from server.people.models import User

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip
BUILT = Path(__file__).parents[2] / "server/shell/static/build/app.js"
DESK = (1280, 900)
PHONE = (390, 844)

# The browser's loop runs in the thread of the test; nothing of ours is asynchronous.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here is a browser test."""
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for all visits."""
    if shutil.which(CHROMIUM) is None:
        pytest.skip(f"there is no {CHROMIUM}")
    assert BUILT.exists(), "build the assets first: anhu assets"
    for floor in translations.FLOORS:
        translations.compile_floor(floor)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@dataclass(slots=True)
class Visit:
    """One person's browser window."""

    page: Page
    base: str
    outside: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        """Open an address of the server."""
        self.page.goto(self.base + path)
        return self.page

    def is_too_wide(self) -> bool:
        """Whether the page must be scrolled sideways."""
        script = "document.documentElement.scrollWidth > window.innerWidth"
        return bool(self.page.evaluate(script))


Visiting = Callable[..., Visit]


@pytest.fixture
def visit(chromium: Browser, live_server: Any, transactional_db: None) -> Iterator[Visiting]:
    """`visit(user, size=PHONE, language="en")`: a window, logged in as `user` (nobody if None)."""
    opened: list[tuple[BrowserContext, Visit]] = []

    def make(user: User | None = None, size: tuple[int, int] = DESK, language: str = "zh") -> Visit:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale="zh-CN" if language == "zh" else "en-GB",
        )
        window = Visit(context.new_page(), live_server.url)
        if user is not None:
            context.add_cookies([_cookie(user, live_server.url)])  # type: ignore[list-item]
        context.on("request", lambda request: _watch(window, request.url))
        context.on("console", lambda message: _listen(window, message))
        context.on("weberror", lambda error: window.complaints.append(str(error.error)))
        opened.append((context, window))
        return window

    yield make
    for context, _window in opened:
        context.close()
    for _context, window in opened:
        assert window.outside == []
        assert window.complaints == []


def _cookie(user: User, url: str) -> dict[str, str]:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return {
        "name": settings.SESSION_COOKIE_NAME,
        "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
        "url": url,
    }


def _watch(visit: Visit, url: str) -> None:
    if not url.startswith((visit.base, "data:", "blob:")):
        visit.outside.append(url)


def _listen(visit: Visit, message: Any) -> None:
    # that an answer was 4xx is the server's to say; the stories look at it where they expect it
    if message.type == "error" and "Failed to load resource" not in message.text:
        visit.complaints.append(message.text)
