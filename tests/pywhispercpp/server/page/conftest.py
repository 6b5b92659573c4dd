"""A real browser for the page: Debian's Chromium, headless, whose microphone hears a file."""

from __future__ import annotations

import shutil
import wave
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Callable

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.service import Service

CHROMIUM = shutil.which("chromium")
KEY = "a-key-for-the-page"
KEYS = {"PYWHISPERCPP_API_KEYS": f"page:{KEY}"}
MAX_UPLOAD_MB = 5
PATIENCE_MS = 30_000

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def browser(jfk: Path) -> Iterator[Browser]:
    """One browser for the tests of a file: while it runs, no other test has an event loop of its own."""
    if CHROMIUM is None:
        pytest.skip("needs chromium (Debian: chromium)")
    arguments = [
        "--no-sandbox",  # tests may run as root, where Chromium has none
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={jfk}",
    ]
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield running
        running.close()


@contextmanager
def visit(
    browser: Browser, service: Service, expected: tuple[str, ...] = (), **options: object
) -> Iterator[Page]:
    """Open the page of a service, as somebody who was never there; what it does wrong fails the test.

    No request may leave the service, and the console may show no error but those that `expected` names.
    """
    asked: list[str] = []
    errors: list[str] = []
    with browser.new_context(**options) as context:
        context.set_default_timeout(PATIENCE_MS)
        context.on("request", lambda request: asked.append(request.url))
        context.on("weberror", lambda error: errors.append(str(error.error)))
        context.on("console", lambda message: errors.extend([message.text] * (message.type == "error")))
        page = context.new_page()
        page.on("websocket", lambda socket: asked.append(socket.url.replace("ws:", "http:", 1)))
        page.goto(service.url)
        yield page
    assert [one for one in asked if not one.removeprefix("blob:").startswith(f"{service.url}/")] == []
    assert [one for one in errors if not any(known in one for known in expected)] == []


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """visit() for as long as a test lasts."""
    with ExitStack() as opened:
        yield lambda *arguments, **options: opened.enter_context(visit(browser, *arguments, **options))


def unlock(page: Page) -> None:
    """Answer the dialog that asks for a key."""
    page.get_by_label("Key", exact=True).fill(KEY)
    page.keyboard.press("Enter")
    expect(page.locator("#model option")).not_to_have_count(0)


@pytest.fixture(scope="module")
def busy_service(tmp_path_factory: pytest.TempPathFactory, tiny_en: Path, base: Path) -> Iterator[Service]:
    """A service that does one task at a time, lets two wait, has two models, and asks for a key."""
    folder = tmp_path_factory.mktemp("busy")
    models = folder / "models"
    models.mkdir()
    (models / base.name).symlink_to(base)
    running = Service(
        folder,
        KEYS,
        model=tiny_en,
        models_dir=models,
        n_sessions=1,
        max_live_sessions=0,
        max_task_queue_size=2,
        max_upload_mb=MAX_UPLOAD_MB,
    ).start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="session")
def long(jfk: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two minutes of speech: enough to be seen at work."""
    path = tmp_path_factory.mktemp("speech") / "long.wav"
    with wave.open(str(jfk)) as short, wave.open(str(path), "wb") as file:
        file.setparams(short.getparams())
        file.writeframes(12 * short.readframes(short.getnframes()))
    return path
