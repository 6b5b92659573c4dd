"""The page at work, in a real browser: files become text that is read, heard, and taken away."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.pywhispercpp.server.page.conftest import MAX_UPLOAD_MB, OpenPage, unlock
from tests.service import JFK_WORDS, Service, words

HOSTILE = '<img src=x onerror="window.hacked=1">.wav'
# Drops a file on the page, as a person does with a mouse: playwright has no drop from outside.
DROP = """([data, name]) => {
  const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name, {type: 'audio/wav'}));
  for (const kind of ['dragover', 'drop']) {
    document.body.dispatchEvent(new DragEvent(kind, {dataTransfer, bubbles: true, cancelable: true}));
  }
}"""


def state(page: Page, name: str, text: str) -> None:
    """Wait until the newest task of that name says so."""
    expect(page.locator(".task", has_text=name).first.locator(".state")).to_have_text(re.compile(text))


def press_until(page: Page, key: str, selector: str) -> None:
    """Press a key until an element has the focus."""
    for _ in range(40):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{key} does not lead to {selector}")


def test_a_dropped_file_becomes_words_and_files(service: Service, open_page: OpenPage, jfk: Path) -> None:
    page = open_page(service)
    page.evaluate(DROP, [base64.b64encode(jfk.read_bytes()).decode(), HOSTILE])
    text = page.locator(".text")
    expect(text).to_contain_text("country")
    assert words(text.text_content() or "") == JFK_WORDS
    assert text.get_attribute("lang") == "en"
    # The name is text, here and in what a screen reader is told.
    expect(page.locator(".open")).to_have_text(HOSTILE)
    assert page.locator(".task img").count() == 0 and page.evaluate("window.hacked") is None

    shown = text.locator(".word").first
    assert re.fullmatch(r"\d+ %", shown.get_attribute("title") or "")
    level = int(re.findall(r"\bp(\d)\b", shown.get_attribute("class") or "")[0])
    assert level == min(4, int((shown.get_attribute("title") or "").split()[0]) // 20)

    found = {}
    for name in ("SRT", "VTT", "TXT", "JSON"):
        with page.expect_download() as started:
            page.get_by_role("button", name=f"Download {name}").click()
        assert started.value.suggested_filename.endswith(f"_en.{name.lower()}")
        found[name] = Path(started.value.path()).read_text(encoding="utf-8")
    assert re.match(r"1\n00:00:00,\d{3} --> 00:00:\d\d,\d{3}\n", found["SRT"])
    assert found["VTT"].startswith("WEBVTT\n\n")
    assert words(found["TXT"]) == JFK_WORDS
    parts = json.loads(found["JSON"])["transcription"]
    assert words(" ".join(part["text"] for part in parts)) == JFK_WORDS


def test_with_the_keyboard_alone_words_are_lit_while_the_audio_plays(
    service: Service, open_page: OpenPage, jfk: Path
) -> None:
    page = open_page(service)
    # Not expect_file_chooser(): it does not wait until the browser knows that it is listened to.
    page.once("filechooser", lambda chooser: chooser.set_files(jfk))
    press_until(page, "Tab", "#choose")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_have_text(re.compile(r"jfk\.wav: English · tiny\.en · took"))
    expect(page.locator(".segment")).not_to_have_count(0)

    press_until(page, "Tab", ".segment:last-child button")
    page.keyboard.press("Enter")
    lit = page.locator(".word.now")
    expect(lit).to_have_attribute("aria-current", "true")
    start = float(page.locator(".segment:last-child button").get_attribute("data-start") or 0)
    assert float(lit.get_attribute("data-start") or 0) >= start > 1
    first = lit.inner_text()
    expect(lit).not_to_have_text(first)  # the next word, as it plays on

    page.locator(".text .word").nth(2).click()
    expect(page.locator(".text .word").nth(2)).to_have_class(re.compile("now"))
    assert page.evaluate("document.querySelector('audio').paused") is False

    press_until(page, "Shift+Tab", ".remove")
    page.keyboard.press("Enter")  # once is not enough
    expect(page.get_by_role("button", name="Really delete?")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".task")).to_have_count(0)
    expect(page.locator("#transcripts")).to_be_focused()


def test_a_full_queue_a_key_and_a_reload_in_mid_work(
    busy_service: Service, open_page: OpenPage, long: Path, jfk: Path
) -> None:
    page = open_page(busy_service, expected=("status of 401", "status of 503"))
    page.get_by_label("Key", exact=True).fill("another")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The service does not know this key")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Enter the key").click()
    unlock(page)

    page.set_input_files("#files", long)
    state(page, "long.wav", "^Transcribing")
    for number, name in enumerate(("first.wav", "second.wav"), 1):
        page.set_input_files("#files", {"name": name, "mimeType": "audio/wav", "buffer": jfk.read_bytes()})
        state(page, name, f"^Waiting: number {number} in the queue$")
    page.set_input_files("#files", jfk)
    state(page, "jfk.wav", r"^The queue is full\. Trying again in \d+ s$")
    state(page, "long.wav", r"^Transcribing: \d+ %$")
    assert int(page.locator("progress[value]").first.get_attribute("value") or 0) > 0

    page.get_by_role("button", name="Cancel: second.wav").click()
    page.get_by_role("button", name="Try now: jfk.wav").click()
    state(page, "jfk.wav", "^Waiting: number 2 in the queue$")
    page.reload()
    state(page, "jfk.wav", "^Waiting: number 2 in the queue$")
    state(page, "long.wav", "^Transcribing")
    page.get_by_role("button", name="Cancel: long.wav").click()
    state(page, "jfk.wav", "^English · tiny.en")
    expect(page.locator(".task")).to_have_count(2)
    page.get_by_role("button", name="jfk.wav", exact=True).click()
    expect(page.locator(".text")).to_contain_text("country")
    # The recording is still there: the browser has kept it.
    page.wait_for_function("document.querySelector('audio').duration > 10")
    for name in ("first.wav", "jfk.wav"):
        page.get_by_role("button", name=f"Delete: {name}").click()
        page.get_by_role("button", name=f"Really delete?: {name}").click()
    expect(page.locator(".task")).to_have_count(0)
    page.reload()
    expect(page.locator("#model option")).not_to_have_count(0)
    expect(page.locator("#empty")).to_be_visible()


def test_model_language_and_translation_are_chosen_and_remembered(
    busy_service: Service, open_page: OpenPage, jfk: Path
) -> None:
    page = open_page(busy_service, expected=("status of 401",))
    unlock(page)
    expect(page.get_by_label("Language spoken")).to_be_disabled()
    expect(page.get_by_text("tiny.en knows English only.")).to_be_visible()
    page.get_by_label("Model").select_option("base")
    page.get_by_label("Language spoken").select_option("German")
    page.get_by_label("Translate to English").check()
    page.set_input_files("#files", jfk)
    state(page, "jfk.wav", r"^English, from German · base · took")
    assert page.locator(".text").get_attribute("lang") == "en"
    page.reload()
    expect(page.get_by_label("Model")).to_have_value("base")
    expect(page.get_by_label("Language spoken")).to_have_value("de")
    expect(page.get_by_label("Translate to English")).to_be_checked()


def test_what_fails_says_why(busy_service: Service, open_page: OpenPage) -> None:
    page = open_page(busy_service, expected=("status of 401", "status of 400"))
    unlock(page)
    noise = {"name": "notes.wav", "mimeType": "audio/wav", "buffer": b"no sound at all"}
    page.set_input_files("#files", noise)
    state(page, "notes.wav", r"^Failed: File has no audio track\.$")
    page.get_by_role("button", name="Try again: notes.wav").click()
    expect(page.get_by_role("button", name="Try again: notes.wav")).to_be_visible()
    page.get_by_role("button", name="Remove: notes.wav").click()
    expect(page.locator(".task")).to_have_count(0)
    large = {"name": "film.mp4", "mimeType": "video/mp4", "buffer": bytes(MAX_UPLOAD_MB * 1_000_000 + 1)}
    page.set_input_files("#files", large)
    state(page, "film.mp4", f"^Failed: It is larger than {MAX_UPLOAD_MB} MB")


def test_a_service_that_is_away_for_a_while_is_waited_for(
    service: Service, open_page: OpenPage, jfk: Path
) -> None:
    page = open_page(service, expected=("ERR_INTERNET_DISCONNECTED",))
    page.set_input_files("#files", jfk)
    page.wait_for_selector("[data-kind=pending], [data-kind=processing]")
    page.context.set_offline(True)
    expect(page.get_by_role("alert")).to_contain_text("The service does not answer.")
    page.context.set_offline(False)
    state(page, "jfk.wav", "^English")
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_file_that_is_sent_before_the_page_knows_the_service_is_listed_once(
    service: Service, open_page: OpenPage, jfk: Path
) -> None:
    page = open_page(service)
    held: list[Route] = []
    page.route("**/facts.json", lambda route: held.append(route))
    page.reload()
    page.set_input_files("#files", jfk)
    state(page, "jfk.wav", "^en ·")
    held[0].continue_()
    state(page, "jfk.wav", "^English ·")
    expect(page.locator(".task")).to_have_count(1)


def test_words_stand_where_the_text_has_them(service: Service, open_page: OpenPage) -> None:
    page = open_page(service)
    said: list[dict[str, Any]] = [
        {"start": 0, "end": 2, "text": " A <b>bold</b>  word-"},
        {"start": 2, "end": 3, "text": "今日は。"},
        {"start": 3, "end": 4, "text": " lost and found"},
        {"start": 4, "end": 5, "text": " without times"},
    ]
    pieces = [
        ("A", 0.0), ("<b>bold</b>", 0.5), ("word", 1.0), ("今日", 2.0), ("は。", 2.5),
        ("l\ufffdst", 3.0), ("and", 3.2), ("found", 3.5),
    ]  # fmt: skip
    spoken = [{"word": word, "start": at, "end": at + 0.2, "probability": 0.9} for word, at in pieces]
    placed = page.evaluate(
        "async ([segments, words]) => (await import('/page/words.js')).placed(segments, words)",
        [said, spoken],
    )
    whole = ["".join(piece["gap"] + piece["word"] for piece in one["pieces"]) for one in placed]
    assert whole == [one["text"].strip() for one in said]
    assert [len(one["pieces"]) for one in placed] == [3, 2, 2, 1]
    element = page.evaluate(
        "async word => (await import('/page/words.js')).wordElement(word).outerHTML", spoken[1]
    )
    assert "&lt;b&gt;bold" in element and 'title="90 %"' in element
