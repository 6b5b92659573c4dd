"""The page and the microphone: recordings, and captions while somebody speaks."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.pywhispercpp.server.conftest import StartService
from tests.pywhispercpp.server.page.conftest import KEYS, OpenPage, unlock
from tests.service import JFK_WORDS, Service, words


def test_a_recording_is_transcribed_and_played(service: Service, open_page: OpenPage) -> None:
    page = open_page(service)
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_role("button", name="Stop and transcribe")).to_be_focused()
    expect(page.locator("#recorder-time")).to_have_text("0:03")
    page.keyboard.press("Enter")
    expect(page.locator(".open")).to_have_text(re.compile(r"^Recording [\d-]{10} [\d.]{8}\.webm$"))
    expect(page.locator(".text")).to_contain_text("fellow Americans")
    # What a browser records has no length in its header; the page finds it, so that one can jump in it.
    page.wait_for_function("document.querySelector('audio').duration < 10")
    page.locator(".text .word", has_text="fellow").click()
    expect(page.locator(".word.now")).to_have_count(1)

    page.get_by_role("button", name="Record").first.click()
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_role("button", name="Record", exact=True)).to_be_focused()
    expect(page.locator(".task")).to_have_count(1)


def test_captions_come_while_somebody_speaks(start_service: StartService, open_page: OpenPage) -> None:
    page = open_page(start_service(environment=KEYS), expected=("status of 401",))
    unlock(page)
    page.get_by_role("button", name="Live captions").click()
    expect(page.locator("#captions-state")).to_have_text("Listening")
    expect(page.locator("#captions-partial .word").first).to_be_visible()
    expect(page.locator("#captions-text")).to_contain_text("Americans")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Close")).to_be_focused()
    heard = words(page.get_by_role("log").inner_text())
    assert heard[:4] == JFK_WORDS[:4]
    with page.expect_download() as started:
        page.get_by_role("button", name="Download text").click()
    assert words(Path(started.value.path()).read_text(encoding="utf-8")) == heard
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="Live captions")).to_be_focused()


def test_without_a_microphone_the_page_says_so(service: Service, open_page: OpenPage) -> None:
    page = open_page(service)
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = async () => {"
        " throw new DOMException('', 'NotFoundError'); }; }"
    )
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_role("alert")).to_have_text("There is no microphone.")
    expect(page.get_by_role("button", name="Choose files")).to_be_visible()
