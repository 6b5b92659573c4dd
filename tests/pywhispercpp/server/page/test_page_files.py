"""What the page is made of: its files, their headers, and that they are of one family with the other page."""

from __future__ import annotations

import re
from importlib.resources import files

import httpx
import pytest

from pywhispercpp.formats.html_parts import STYLE
from pywhispercpp.option_rules import languages

PAGE = {
    one.name: one.read_text(encoding="utf-8")
    for one in files("pywhispercpp.server").joinpath("page").iterdir()
}
NAMES = sorted(PAGE)


def test_the_page_and_its_files_are_served(client: httpx.Client) -> None:
    assert client.get("/").text == PAGE["index.html"]
    kinds = {"css": "text/css", "html": "text/html", "js": "text/javascript", "svg": "image/svg+xml"}
    for name in NAMES:
        answer = client.get(f"/page/{name}")
        assert answer.text == PAGE[name]
        assert answer.headers["content-type"].startswith(kinds[name.rpartition(".")[2]])


@pytest.mark.parametrize("path", ["/", "/page/app.js"])
def test_headers_let_a_browser_do_what_the_page_needs_and_no_more(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/", "/page/style.css"])
def test_a_browser_asks_again_and_gets_nothing_twice(client: httpx.Client, path: str) -> None:
    first = client.get(path)
    assert first.headers["cache-control"] == "no-cache"
    again = client.get(path, headers={"If-None-Match": f'"other", {first.headers["etag"]}'})
    assert again.status_code == 304 and again.content == b""
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    head = client.head(path)
    assert head.status_code == 200 and head.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize(
    "name", ["no.js", "", "..%2Fapp.py", "%2e%2e/app.py", "..%5Capp.py", "%00", "/etc/passwd", "__init__.py"]
)
def test_nothing_else_is_served(client: httpx.Client, name: str) -> None:
    answer = client.get(f"/page/{name}")
    assert answer.status_code == 404
    assert "detail" in answer.json()


def test_facts_name_what_can_be_chosen(client: httpx.Client) -> None:
    facts = client.get("/page/facts.json").json()
    assert facts["models"][0] == {"name": "tiny.en", "multilingual": False}
    assert {one["code"] for one in facts["languages"]} == set(languages())
    assert {"code": "de", "name": "German"} in facts["languages"]
    assert facts["max_upload_mb"] == 512 and facts["delete_results_after_m"] == 60
    assert facts["has_live_captions"] is True


@pytest.mark.parametrize("name", NAMES)
def test_no_file_names_another_host_or_reads_text_as_html(name: str) -> None:
    text = PAGE[name].replace("http://www.w3.org/2000/svg", "")  # a name, which nobody fetches
    assert not re.search(r"""["'(=]\s*(https?:)?//\w""", text)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|\son\w+=\"", text)


@pytest.mark.parametrize("name", NAMES)
def test_every_module_that_is_named_is_there_and_every_file_is_named(name: str) -> None:
    for module in re.findall(r"from '\./([^']+)'", PAGE[name]):
        assert module in PAGE
    others = "".join(text for other, text in PAGE.items() if other != name)
    assert name == "index.html" or f"/{name}" in others


def test_colours_are_those_of_the_page_that_stands_alone() -> None:
    light, dark = (dict(re.findall(r"(--[\w-]+): ([^;]+);", part)) for part in STYLE.split("@media")[:2])
    mine = dict(re.findall(r"(--[\w-]+): ([^;]+);", PAGE["style.css"]))
    for name, colour in light.items():
        both = colour if colour == dark[name] else f"light-dark({colour}, {dark[name]})"
        assert mine[name] == both, name
    for level in range(5):  # and who cannot tell the colours apart sees the same lines
        rule = re.search(rf"^\.p{level} .*$", STYLE, re.MULTILINE)
        assert rule and rule.group() in PAGE["style.css"]
