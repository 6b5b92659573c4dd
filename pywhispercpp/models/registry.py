"""The ggml models that whisper.cpp runs: names, sizes, hashes, addresses. Data, and two look-ups."""

from __future__ import annotations

import os
from dataclasses import dataclass

from pywhispercpp.errors import ModelNotFoundError

__all__ = ["MODELS", "VAD", "PublishedModel", "find", "url"]

VAD = "silero-vad"  # the model that says where there is speech; no Whisper model

_ENDPOINT = "https://huggingface.co"
_TINYDIARIZE = "akashmjn/tinydiarize-whisper.cpp"


@dataclass(frozen=True)
class PublishedModel:
    """One published model file; without a hash it is listed but not offered for download."""

    name: str
    size: int | None  # bytes
    hash: str | None  # `algorithm:hex`
    repository: str = "ggerganov/whisper.cpp"
    upstream_name: str = ""  # where it is not `name`

    @property
    def file_name(self) -> str:
        """The file's name upstream and here."""
        return f"ggml-{self.upstream_name or self.name}.bin"

    @property
    def is_whisper(self) -> bool:
        """True for what turns speech into text, False for the VAD model."""
        return self.name != VAD


# Names: models/download-ggml-model.sh of whisper.cpp 1.8.5, and those pywhispercpp 1.5 knew.
# SHA-1: models/README.md of whisper.cpp 1.8.5. SHA-256 of tiny.en and base: taken from files with that SHA-1.
# Sizes follow from each network's shape (ggml_layout) and the vocabulary; tiny.en's and base's agree with the
# files.
_PUBLISHED = (
    PublishedModel("tiny", 77691713, "sha1:bd577a113a864445d4c299885e0cb97d4ba92b5f"),
    PublishedModel("tiny-q5_1", 32152673, None),
    PublishedModel("tiny-q8_0", 43537433, None),
    PublishedModel(
        "tiny.en", 77704715, "sha256:921e4cf8686fdd993dcd081a5da5b6c365bfde1162e72b08d75ac75289920b1f"
    ),
    PublishedModel("tiny.en-q5_1", 32166155, None),
    PublishedModel("tiny.en-q8_0", 43550795, None),
    PublishedModel(
        "base", 147951465, "sha256:60ed5bc3dd14eea856493d334349b405782ddcaf0028d4b5df4088345fba2efe"
    ),
    PublishedModel("base-q5_1", 59707625, None),
    PublishedModel("base-q8_0", 81768585, None),
    PublishedModel("base.en", 147964211, "sha1:137c40403d78fd54d454da0f9bd998f78703390c"),
    PublishedModel("base.en-q5_1", 59721011, None),
    PublishedModel("base.en-q8_0", 81781811, None),
    PublishedModel("small", 487601967, "sha1:55356645c2b361a969dfd0ef2c5a50d530afd8d5"),
    PublishedModel("small-q5_1", 190085487, None),
    PublishedModel("small-q8_0", 264464607, None),
    PublishedModel("small.en", 487614201, "sha1:db8a495a91d927739e50b3fc1cc4c6b8f6c2d022"),
    PublishedModel("small.en-q5_1", 190098681, None),
    PublishedModel("small.en-q8_0", 264477561, None),
    PublishedModel("small.en-tdrz", None, "sha1:b6c6e7e89af1a35c08e6de56b66ca6a02a2fdfa1", _TINYDIARIZE),
    PublishedModel("medium", 1533763059, "sha1:fd9727b6e1217c2f614f9b698455c4ffd82463b4"),
    PublishedModel("medium-q5_0", 539212467, None),
    PublishedModel("medium-q8_0", 823369779, None),
    PublishedModel("medium.en", 1533774781, "sha1:8c30f0e44ce9560643ebd10bbe50cd20eafd3723"),
    PublishedModel("medium.en-q5_0", 539225533, None),
    PublishedModel("medium.en-q8_0", 823382461, None),
    PublishedModel("large-v1", 3094623691, "sha1:b1caaf735c4cc1429223d5a74f0f4d0b9b59a299"),
    PublishedModel("large-v2", 3094623691, "sha1:0f4c8e34f21cf1a914c59d8b3ce882345ad349d6"),
    PublishedModel("large-v2-q5_0", 1080732091, "sha1:00e39f2196344e901b3a2bd5814807a769bd1630"),
    PublishedModel("large-v2-q8_0", 1656129691, None),
    PublishedModel("large-v3", 3095033483, "sha1:ad82bf6a9043ceed055076d0fd39f5f186ff8062"),
    PublishedModel("large-v3-q5_0", 1081140203, "sha1:e6e2ed78495d403bef4b7cff42ef4aaadcfea8de"),
    PublishedModel("large-v3-turbo", 1624555275, "sha1:4af2b29d7ec73d781377bfd1758ca957a807e941"),
    PublishedModel("large-v3-turbo-q5_0", 574041195, "sha1:e050f7970618a659205450ad97eb95a18d69c9ee"),
    PublishedModel("large-v3-turbo-q8_0", 874188075, None),
    # SHA-256: what others pin for this address (FreeDV, at the repository's revision 9ffd54a). It is the file
    # that whisper.cpp's own tests carry as models/for-tests-silero-v6.2.0-ggml.bin, and every tensor in it is
    # that of silero-vad 6.2.0.
    PublishedModel(
        VAD,
        885098,
        "sha256:2aa269b785eeb53a82983a20501ddf7c1d9c48e33ab63a41391ac6c9f7fb6987",
        "ggml-org/whisper-vad",
        "silero-v6.2.0",
    ),
)

MODELS: dict[str, PublishedModel] = {model.name: model for model in _PUBLISHED}


def find(name: str) -> PublishedModel:
    """The published model of that name; raises ModelNotFoundError that names those there are."""
    try:
        return MODELS[name]
    except KeyError:
        known = ", ".join(MODELS)
        raise ModelNotFoundError(
            f"no model is called {name!r}, and no file either; known models: {known}"
        ) from None


def url(model: PublishedModel) -> str:
    """Where the model is published; the environment variable `HF_ENDPOINT` names a mirror."""
    endpoint = os.environ.get("HF_ENDPOINT") or _ENDPOINT
    return f"{endpoint.rstrip('/')}/{model.repository}/resolve/main/{model.file_name}"
