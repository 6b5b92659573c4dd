"""Every format on text that breaks formats: quotes, tags, line breaks, cut characters, commands as names."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pywhispercpp import Model, OptionError, OutputError, Segment, Token, formats
from pywhispercpp.formats import Details

NASTY = ' "Tom & Jerry" cost <b>$5</b>, 100% --> it\'s `id` $(touch run) \\ {x}'


def segment(text: str, t0: int = 0, t1: int = 250, **more: object) -> Segment:
    """A segment with one token for each blank-led word."""
    pieces = [piece for piece in text.replace(" ", "\0 ").split("\0") if piece]
    step = (t1 - t0) / max(1, len(pieces))
    tokens = tuple(
        Token(index, piece.encode(), 0.5, -0.69, int(t0 + index * step), int(t0 + (index + 1) * step))
        for index, piece in enumerate(pieces)
    )
    return Segment(t0, t1, text.strip(), tokens=tokens, raw=text.encode(), **more)  # type: ignore[arg-type]


def rendered(name: str, *segments: Segment, **details: object) -> str:
    return formats.render(name, segments, Details(**details)).decode()  # type: ignore[arg-type]


def test_srt() -> None:
    text = rendered(
        "srt", segment(" One\n\n2", 0, 150), segment(" Two", 360000, 366666, speaker="1"), offset_n=7
    )
    assert text == (
        "8\n00:00:00,000 --> 00:00:01,500\n One 2\n\n9\n01:00:00,000 --> 01:01:06,660\n(speaker 1) Two\n\n"
    )


def test_vtt_writes_markup_as_text_and_ordinary_text_as_it_is() -> None:
    assert rendered("vtt", segment(" AT&T is > 5 & growing", speaker="0")) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:02.500\n<v Speaker0> AT&T is > 5 & growing\n\n"
    )
    text = rendered("vtt", segment(" &lt; <i>a</i> --> b\n\nc"))
    assert text.endswith(" &amp;lt; &lt;i>a&lt;/i> --&gt; b c\n\n")


def test_lrc_beyond_an_hour() -> None:
    assert rendered("lrc", segment(" a", 612345)) == "[by:whisper.cpp]\n[102:03.45] a\n"


def test_csv_is_read_back() -> None:
    text = rendered("csv", segment(NASTY), segment(' line\nbreak, "q"', speaker="?"))
    rows = list(csv.reader(io.StringIO(text)))
    assert rows == [
        ["start", "end", "speaker", "text"],
        ["0", "2500", "", NASTY],
        ["0", "2500", "?", ' line\nbreak, "q"'],
    ]
    assert rendered("csv", segment(" a")) == 'start,end,text\n0,2500," a"\n'


def test_tsv_as_openai_writes_it() -> None:
    assert rendered("tsv", segment(" a\tb\n c ")) == "start\tend\ttext\n0\t2500\ta b  c\n"


def test_txt_keeps_the_blank_of_whisper_cli() -> None:
    assert rendered("txt", segment(" a", speaker="?"), segment("b")) == "(speaker ?) a\nb\n"


def test_segments_made_by_hand_have_text_only() -> None:
    assert rendered("txt", Segment(0, 100, "hello")) == " hello\n"


def test_cut_characters_are_no_holes_in_the_file() -> None:
    cut = Segment(0, 1, "", raw=b" \xe3\x81", tokens=(Token(1, b"\xe3\x81", 0.5, -0.7, 0, 1),))
    for name in formats.FORMATS:
        if name != "wts":
            assert "\ufffd" in formats.render(name, [cut]).decode("utf-8"), name


def test_json_is_json() -> None:
    evil = ' "q" \\ \x01 \n </script>'
    value = json.loads(rendered("json", segment(evil, 1, 2, speaker_turn_next=True), tinydiarize=True))
    assert value["transcription"] == [
        {
            "timestamps": {"from": "00:00:00,010", "to": "00:00:00,020"},
            "offsets": {"from": 10, "to": 20},
            "text": evil,
            "speaker_turn_next": True,
        }
    ]
    mono = json.loads(rendered("json", segment(" a"), diarize=True))  # whisper-cli leaves a comma at the end
    assert "speaker" not in mono["transcription"][0]


def test_json_full_joins_cut_characters() -> None:
    parts = [(b" a", 10), (b"\xe3", 20), (b"\x81", -1), (b"\x82", 30), (b"\x82\xff", 40), (b"\xf0\x9f", 50)]
    tokens = tuple(Token(i, raw, 0.25, -1.4, 5, t1) for i, (raw, t1) in enumerate(parts))
    value = json.loads(rendered("json-full", Segment(0, 99, "", tokens=tokens)))
    found = value["transcription"][0]["tokens"]
    assert [one["text"] for one in found] == [" a", "あ", "\ufffd\ufffd", "\ufffd"]
    assert [one["id"] for one in found] == [0, 1, 4, 5]
    assert found[1]["offsets"] == {"from": 50, "to": 300}


def test_probabilities_as_cpp_prints_them() -> None:
    tokens = [Token(0, b"a", p, -1.0) for p in (1.0, 0.123456789, 1.25e-7, float("nan"))]
    value = rendered("json-full", Segment(0, 1, "a", tokens=tuple(tokens)))
    assert [line.split(": ")[1] for line in value.splitlines() if '"p"' in line] == [
        "1,",
        "0.123457,",
        "1.25e-07,",
        "null,",
    ]
    assert rendered("score", Segment(0, 1, "a", tokens=(tokens[2],))) == "a\t1.25e-07\n"


def wts(text: str, media: str, font: str = "/f/mono.ttf", speaker: str = "") -> str:
    return rendered("wts", segment(text, speaker=speaker), media=media, duration=2.5, font_path=font)


def run_wts(script: str, folder: Path) -> list[list[str]]:
    """Run the script with an ffmpeg that only notes its arguments; return those of each run."""
    tools = folder / "tools"
    tools.mkdir()
    (tools / "ffmpeg").write_text('#!/bin/sh\nprintf "%s\\0" "$@" >> "$NOTES"\n')
    (tools / "ffmpeg").chmod(0o755)
    environment = {"PATH": f"{tools}:/usr/bin:/bin", "NOTES": str(folder / "notes")}
    subprocess.run(["bash", "-e", "-c", script], cwd=folder, env=environment, check=True, capture_output=True)
    return [(folder / "notes").read_text().split("\0")[:-1]]


@pytest.mark.parametrize(
    "media",
    [
        "a.wav",
        "my talk.wav",
        "$(touch run).wav",
        '"; touch run; ".wav',
        "`touch run`'.wav",
        "-y.wav",
        "a:b.wav",
    ],
)
def test_wts_runs_no_text_and_no_file_name(tmp_path: Path, media: str) -> None:
    (arguments,) = run_wts(wts(f"{NASTY} : ; touch run", media, f"/f/{media}"), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"tools", "notes"}
    name = arguments[1]
    assert name == media if media[0] != "-" and ":" not in media else name == f"./{media}"
    assert arguments[-1] == f"{name}.mp4"
    assert arguments[arguments.index("-f") + 1] == "lavfi"


def test_wts_of_a_speaker_stays_in_column() -> None:
    script = wts(" Füße hoch", "a.wav", speaker="0")
    lit = [part for part in script.split("drawtext=") if "lightgreen" in part]
    texts = [part.split("text='")[1].split("'")[0].replace("\\ ", " ") for part in lit]
    assert texts == [
        "(speaker 0)>  Füße|     ",
        "             _____     ",
        "(speaker 0)>       hoch|",
        "                  _____",
    ]


def test_wts_needs_a_file_and_a_font() -> None:
    with pytest.raises(OptionError, match="font"):
        wts(" a", "a.wav", "")
    with pytest.raises(OptionError, match="audio file"):
        wts(" a", "")


class Page(HTMLParser):
    """What a browser makes of a page: its words with their data, its tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[tuple[str, float, float, str]] = []
        self.text = ""
        self.audio = ""
        self._open: dict[str, str | None] | None = None
        self._main = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        self._main = self._main or tag == "main"
        if tag == "audio":
            self.audio = found["src"] or ""
        if self._main and "word" in (found.get("class") or "").split():
            self._open = found
            self.words.append(
                ("", float(found["data-start"] or ""), float(found["data-end"] or ""), found["class"] or "")
            )

    def handle_endtag(self, tag: str) -> None:
        self._open = None if tag == "span" else self._open
        self._main = self._main and tag != "main"

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self.words[-1] = (self.words[-1][0] + data, *self.words[-1][1:])
        if self._main:
            self.text += data


def test_html_shows_text_as_text() -> None:
    evil = NASTY + " </span><script>alert(1)</script> <!-- ' &quot;"
    page = Page(rendered("html", segment(evil, speaker="<1>"), media='a"><script>.wav', result_language='"x'))
    assert page.tags.count("script") == 1
    assert "b" in page.tags  # the speaker's own
    assert page.tags.count("b") == 1
    assert evil.strip() in page.text
    assert page.audio == "./a%22%3E%3Cscript%3E.wav"


def test_html_words_and_times() -> None:
    page = Page(rendered("html", segment(" one two", 100, 300), segment(" three", 300, 400)))
    assert page.words == [
        ("one", 1.0, 2.0, "word p2"),
        ("two", 2.0, 3.0, "word p2"),
        ("three", 3.0, 4.0, "word p2"),
    ]
    assert page.audio == ""
    assert "audio" not in page.tags


def test_html_without_word_times_is_by_segment() -> None:
    page = Page(rendered("html", Segment(0, 150, "all of it"), Segment(150, 200, "more")))
    assert [word[:3] for word in page.words] == [("all of it", 0.0, 1.5), ("more", 1.5, 2.0)]


def test_html_stands_alone() -> None:
    page = rendered("html", segment(" a"), media="x.wav", embed=b"RIFF")
    assert 'src="data:audio/x-wav;base64,UklGRg=="' in page
    for outside in ("http:", "https:", "@import", "url(", "<link"):
        assert outside not in page


def test_every_word_that_a_model_hears(model: Model, jfk: Path) -> None:
    heard = model.transcribe(jfk, token_timestamps=True)
    page = Page(formats.render("html", heard, Details(media=str(jfk))).decode())
    wanted = [(w.text, round(w.start, 2), round(w.end, 2)) for one in heard for w in one.words]
    assert len(wanted) > 15
    assert [word[:3] for word in page.words] == wanted
    assert heard.text.split() == [word for one in heard for word in one.text.split()]


def test_write_is_whole_or_not_at_all(tmp_path: Path) -> None:
    formats.write(tmp_path / "a.srt", "srt", [segment(" a")])
    assert (tmp_path / "a.srt").read_bytes() == formats.render("srt", [segment(" a")])
    with pytest.raises(OutputError, match="folder"):
        formats.write(tmp_path, "srt", [segment(" a")])


def test_an_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(OptionError, match="txt, vtt, srt"):
        formats.render("doc", [])


@pytest.mark.parametrize("name", formats.FORMATS)
def test_nothing_said_is_a_file_too(name: str) -> None:
    content = formats.render(name, [], Details(media="a.wav", font_path="/f"))
    assert (content == b"") == (name in ("txt", "srt", "score"))
