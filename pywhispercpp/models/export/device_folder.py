"""What lies beside exported networks, so that their folder stands alone: words, special tokens, facts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pywhispercpp import _core
from pywhispercpp.errors import ModelError
from pywhispercpp.models.ggml_layout import GgmlHeader
from pywhispercpp.models.vocabulary import Vocabulary

__all__ = ["VOCABULARY_FILE", "DeviceFolder", "read", "read_file", "written"]

VOCABULARY_FILE = "vocabulary.json"


@dataclass(frozen=True)
class DeviceFolder:
    """What `vocabulary.json` says: the facts of the export, its networks, and the model's tokens."""

    facts: Mapping[str, str]
    networks: Mapping[str, str]  # part -> file name
    vocabulary: Vocabulary


def written(facts: Mapping[str, str], networks: Mapping[str, str], vocabulary: Vocabulary) -> str:
    """Return the file's text. `words` has a string for each token, a character U+0000..U+00FF for a byte."""
    content = {
        "facts": dict(facts),
        "networks": dict(networks),
        "header": asdict(vocabulary.header),
        "tokens": _special(vocabulary),
        "languages": _languages(vocabulary),
        "words": [word.decode("latin-1") for word in vocabulary.words],
    }
    return json.dumps(content, ensure_ascii=True, separators=(",", ":")) + "\n"


def _special(vocabulary: Vocabulary) -> dict[str, int]:
    names = ("eot", "sot", "translate", "transcribe", "previous", "no_speech", "no_timestamps", "timestamps")
    return {name: getattr(vocabulary, name) for name in names}


def _languages(vocabulary: Vocabulary) -> dict[str, int]:
    codes = [str(_core.lang_str(number)) for number in range(vocabulary.languages)]
    return {code: vocabulary.language(code) for code in codes}


def read(folder: Path) -> DeviceFolder:
    """Read it; raises ModelError for a folder without one, and for one that is broken."""
    return read_file(folder / VOCABULARY_FILE)


def read_file(file: Path) -> DeviceFolder:
    """Read such a file under any name; raises ModelError as `read` does."""
    try:
        content: Any = json.loads(file.read_text(encoding="utf-8"))
        words = [str(word).encode("latin-1") for word in content["words"]]
        vocabulary = Vocabulary(GgmlHeader(**content["header"]), words)
        return DeviceFolder(dict(content["facts"]), dict(content["networks"]), vocabulary)
    except OSError as error:
        raise ModelError(f"{file}: cannot be read: {error.strerror}; is {file.parent} an export?") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{file}: is broken ({error!r}); export the model again") from error
