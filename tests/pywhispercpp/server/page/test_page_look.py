"""How the page looks and how it is for those who do not see it: contrast, names, order, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.pywhispercpp.server.page.conftest import visit
from tests.service import Service

# Text whose contrast with what is behind it is below 4.5, by WCAG's formula.
FAINT = """() => {
  const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = colour => numbers(colour).slice(0, 3).map(v => v / 255).map(
    v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4
  ).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    for (let one = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor, [, , , a = 1] = numbers(colour);
      if (a === 1) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const found = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility() || element.matches(':disabled, noscript')) continue;
    const [less, more] = [getComputedStyle(element).color, behind(element)].map(light).sort((a, b) => a - b);
    const contrast = (more + 0.05) / (less + 0.05);
    if (contrast < 4.5) found.push(`${element.outerHTML}: ${contrast}`);
  }
  return found;
}"""
# Controls that a screen reader would have no name for.
NAMELESS = """() => [
    ...document.querySelectorAll('button, input, select, audio, progress, meter, dialog, [role=group]')]
  .filter(one => one.checkVisibility())
  .filter(one => !(one.labels?.length || one.ariaLabel || one.textContent.trim()
    || document.getElementById(one.getAttribute('aria-labelledby'))?.textContent))
  .map(one => one.outerHTML)"""


@pytest.fixture(scope="module")
def shown(browser: Browser, service: Service, jfk: Path) -> Iterator[Page]:
    """The page with a transcript."""
    with visit(browser, service) as page:
        page.set_input_files("#files", jfk)
        expect(page.locator(".segment")).not_to_have_count(0)
        yield page


@pytest.fixture
def page(shown: Page) -> Page:
    """That page as it was at first: on a desk, light, its transcript open."""
    shown.emulate_media(color_scheme="light", reduced_motion="no-preference")
    shown.set_viewport_size({"width": 1200, "height": 900})
    shown.evaluate("localStorage.removeItem('pywhispercpp.theme')")
    shown.reload()
    shown.get_by_role("button", name="jfk.wav", exact=True).click()
    expect(shown.locator(".segment")).not_to_have_count(0)
    return shown


def test_light_and_dark_by_the_system_and_by_choice(page: Page) -> None:
    def background() -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    light, dark = "rgb(253, 253, 252)", "rgb(22, 24, 27)"
    page.locator(".text .word").nth(1).click()
    expect(page.locator(".word.now")).to_have_count(1)
    page.evaluate("document.querySelector('audio').pause()")
    # All levels are in the legend, a word that is lit in the text.
    assert background() == light and page.evaluate(FAINT) == []
    page.emulate_media(color_scheme="dark")
    assert background() == dark and page.evaluate(FAINT) == []
    page.get_by_label("Appearance").select_option("Light")
    assert background() == light
    page.reload()
    assert background() == light
    page.get_by_label("Appearance").select_option("Dark")
    page.emulate_media(color_scheme="light")
    assert background() == dark

    sure = page.get_by_label("How sure the model was")
    page.get_by_role("button", name="jfk.wav", exact=True).click()
    sure.uncheck()
    assert page.locator(".legend").is_hidden()
    coloured = (
        "[...document.querySelectorAll('.text .word')].filter(w => getComputedStyle(w).backgroundImage !== "
    )
    coloured += "'none' || getComputedStyle(w).backgroundColor !== 'rgba(0, 0, 0, 0)').length"
    assert page.evaluate(coloured) == 0


def test_everything_has_a_name_and_its_place(page: Page) -> None:
    assert page.evaluate("document.documentElement.lang") == "en" and page.title()
    assert page.locator("h1").count() == 1
    levels = page.evaluate(
        "[...document.querySelectorAll('h1,h2,h3')].filter(h => h.checkVisibility()).map(h => +h.tagName[1])"
    )
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:]))
    for landmark in ("banner", "main", "contentinfo"):
        assert page.get_by_role(landmark).count() == 1
    assert page.evaluate("[...document.querySelectorAll('img:not([alt])')].length") == 0
    assert (
        page.evaluate("[...document.querySelectorAll('[tabindex]')].filter(one => one.tabIndex > 0).length")
        == 0
    )
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(one => one.id)")
    assert len(ids) == len(set(ids))
    assert page.evaluate(NAMELESS) == []
    page.evaluate(
        "for (const one of document.querySelectorAll('[hidden]:not(#notice-action)')) one.hidden = false"
    )
    assert page.evaluate(NAMELESS) == [] and page.evaluate(FAINT) == []


def test_the_focus_goes_through_in_order_and_is_seen(page: Page) -> None:
    page.reload()
    expect(page.locator(".open")).to_be_visible()
    order: list[str] = []
    for _ in range(30):
        page.keyboard.press("Tab")
        name, outline = page.evaluate(
            "(one => [one.id || one.className || one.tagName, getComputedStyle(one).outlineStyle])"
            "(document.activeElement)"
        )
        if name == "BODY" or name in order[:1]:
            break
        assert outline != "none", name
        order.append(name)
    wanted = ["skip", "theme", "choose", "record", "listen", "model", "open", "remove"]
    assert [one for one in order if one in wanted] == wanted
    page.keyboard.press("Home")
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#transcripts")).to_be_focused()


def test_it_fits_a_phone_and_stands_still_where_that_is_wished(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    targets = page.evaluate(
        "[...document.querySelectorAll('button, select')].filter(one => one.checkVisibility())"
        ".map(one => one.getBoundingClientRect().height)"
    )
    assert min(targets) >= 24  # WCAG 2.2: a finger hits it
    moving = "[...document.querySelectorAll('*')].some(one => getComputedStyle(one).animationName !== 'none')"
    page.evaluate("document.getElementById('recorder').hidden = false")
    assert page.evaluate(moving) is False
