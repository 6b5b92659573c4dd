"""The ggml models that whisper.cpp publishes: names, sizes, hashes, addresses. Data, and two look-ups.

Where the data come from:

- Names: models/download-ggml-model.sh and models/download-vad-model.sh of whisper.cpp 1.8.5.
- Sizes: they follow from each network's shape (ggml_layout), its weight type and the vocabulary.
- SHA-256: those that Hugging Face shows. It could not be asked while this was written: they are what three
  catalogues of other people's programs (in Rust, Swift and Nix) have, alike digit by digit, with the sizes
  that are here. Proved by making the very files: tiny.en, base and both Silero models, each time they are
  made of weights from the package index; the q8_0 and q5_1 of tiny.en and base, in test_registry.py.
- small.en-tdrz has the SHA-1 of whisper.cpp's models/README.md: nobody was found who pins its SHA-256. It was
  made before English vocabularies got their last token, so it is 17 bytes shorter than small.en.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from pywhispercpp.errors import ModelNotFoundError, OptionError

__all__ = ["MODELS", "VAD", "PublishedModel", "find", "url"]

VAD = "silero-vad"  # the newest model that says where there is speech; no Whisper model

_ENDPOINT = "https://huggingface.co"
_WHISPER = "ggerganov/whisper.cpp"
_TINYDIARIZE = "akashmjn/tinydiarize-whisper.cpp"
_SILERO = "ggml-org/whisper-vad"


@dataclass(frozen=True)
class PublishedModel:
    """One published model file.

    Attributes:
        name: what it is called here, such as `base.en-q5_1`.
        size: in bytes.
        hash: of the whole file, `algorithm:hex`.
        repository: where on Hugging Face it lies.
        upstream_name: what upstream calls it, where that is not `name`.
    """

    name: str
    size: int
    hash: str
    repository: str = _WHISPER
    upstream_name: str = ""

    @property
    def file_name(self) -> str:
        """The file's name upstream and here."""
        return f"ggml-{self.upstream_name or self.name}.bin"

    @property
    def is_whisper(self) -> bool:
        """True for what turns speech into text, False for a VAD model."""
        return self.repository != _SILERO


# Name, bytes, SHA-256.
_FILES = (
    ("tiny", 77691713, "be07e048e1e599ad46341c8d2a135645097a538221678b7acdd1b1919c6e1b21"),
    ("tiny-q5_1", 32152673, "818710568da3ca15689e31a743197b520007872ff9576237bda97bd1b469c3d7"),
    ("tiny-q8_0", 43537433, "c2085835d3f50733e2ff6e4b41ae8a2b8d8110461e18821b09a15c40c42d1cca"),
    ("tiny.en", 77704715, "921e4cf8686fdd993dcd081a5da5b6c365bfde1162e72b08d75ac75289920b1f"),
    ("tiny.en-q5_1", 32166155, "c77c5766f1cef09b6b7d47f21b546cbddd4157886b3b5d6d4f709e91e66c7c2b"),
    ("tiny.en-q8_0", 43550795, "5bc2b3860aa151a4c6e7bb095e1fcce7cf12c7b020ca08dcec0c6d018bb7dd94"),
    ("base", 147951465, "60ed5bc3dd14eea856493d334349b405782ddcaf0028d4b5df4088345fba2efe"),
    ("base-q5_1", 59707625, "422f1ae452ade6f30a004d7e5c6a43195e4433bc370bf23fac9cc591f01a8898"),
    ("base-q8_0", 81768585, "c577b9a86e7e048a0b7eada054f4dd79a56bbfa911fbdacf900ac5b567cbb7d9"),
    ("base.en", 147964211, "a03779c86df3323075f5e796cb2ce5029f00ec8869eee3fdfb897afe36c6d002"),
    ("base.en-q5_1", 59721011, "4baf70dd0d7c4247ba2b81fafd9c01005ac77c2f9ef064e00dcf195d0e2fdd2f"),
    ("base.en-q8_0", 81781811, "a4d4a0768075e13cfd7e19df3ae2dbc4a68d37d36a7dad45e8410c9a34f8c87e"),
    ("small", 487601967, "1be3a9b2063867b937e64e2ec7483364a79917e157fa98c5d94b5c1fffea987b"),
    ("small-q5_1", 190085487, "ae85e4a935d7a567bd102fe55afc16bb595bdb618e11b2fc7591bc08120411bb"),
    ("small-q8_0", 264464607, "49c8fb02b65e6049d5fa6c04f81f53b867b5ec9540406812c643f177317f779f"),
    ("small.en", 487614201, "c6138d6d58ecc8322097e0f987c32f1be8bb0a18532a3f88f734d1bbf9c41e5d"),
    ("small.en-q5_1", 190098681, "bfdff4894dcb76bbf647d56263ea2a96645423f1669176f4844a1bf8e478ad30"),
    ("small.en-q8_0", 264477561, "67a179f608ea6114bd3fdb9060e762b588a3fb3bd00c4387971be4d177958067"),
    ("medium", 1533763059, "6c14d5adee5f86394037b4e4e8b59f1673b6cee10e3cf0b11bbdbee79c156208"),
    ("medium-q5_0", 539212467, "19fea4b380c3a618ec4723c3eef2eb785ffba0d0538cf43f8f235e7b3b34220f"),
    ("medium-q8_0", 823369779, "42a1ffcbe4167d224232443396968db4d02d4e8e87e213d3ee2e03095dea6502"),
    ("medium.en", 1533774781, "cc37e93478338ec7700281a7ac30a10128929eb8f427dda2e865faa8f6da4356"),
    ("medium.en-q5_0", 539225533, "76733e26ad8fe1c7a5bf7531a9d41917b2adc0f20f2e4f5531688a8c6cd88eb0"),
    ("medium.en-q8_0", 823382461, "43fa2cd084de5a04399a896a9a7a786064e221365c01700cea4666005218f11c"),
    ("large-v1", 3094623691, "7d99f41a10525d0206bddadd86760181fa920438b6b33237e3118ff6c83bb53d"),
    ("large-v2", 3094623691, "9a423fe4d40c82774b6af34115b8b935f34152246eb19e80e376071d3f999487"),
    ("large-v2-q5_0", 1080732091, "3a214837221e4530dbc1fe8d734f302af393eb30bd0ed046042ebf4baf70f6f2"),
    ("large-v2-q8_0", 1656129691, "fef54e6d898246a65c8285bfa83bd1807e27fadf54d5d4e81754c47634737e8c"),
    ("large-v3", 3095033483, "64d182b440b98d5203c4f9bd541544d84c605196c4f7b845dfa11fb23594d1e2"),
    ("large-v3-q5_0", 1081140203, "d75795ecff3f83b5faa89d1900604ad8c780abd5739fae406de19f23ecd98ad1"),
    ("large-v3-turbo", 1624555275, "1fc70f774d38eb169993ac391eea357ef47c88757ef72ee5943879b7e8e2bc69"),
    ("large-v3-turbo-q5_0", 574041195, "394221709cd5ad1f40c46e6031ca61bce88931e6e088c188294c6d5a55ffa7e2"),
    ("large-v3-turbo-q8_0", 874188075, "317eb69c11673c9de1e1f0d459b253999804ec71ac4c23c17ecf5fbe24e259a1"),
)
_SILERO_6 = "sha256:2aa269b785eeb53a82983a20501ddf7c1d9c48e33ab63a41391ac6c9f7fb6987"
_SILERO_5 = "sha256:29940d98d42b91fbd05ce489f3ecf7c72f0a42f027e4875919a28fb4c04ea2cf"
_PUBLISHED = (
    *(PublishedModel(name, size, f"sha256:{digits}") for name, size, digits in _FILES),
    PublishedModel("small.en-tdrz", 487614184, "sha1:b6c6e7e89af1a35c08e6de56b66ca6a02a2fdfa1", _TINYDIARIZE),
    PublishedModel(VAD, 885098, _SILERO_6, _SILERO, "silero-v6.2.0"),
    PublishedModel("silero-v5.1.2", 885098, _SILERO_5, _SILERO),
)

MODELS: dict[str, PublishedModel] = {model.name: model for model in _PUBLISHED}


def find(name: str) -> PublishedModel:
    """The published model of that name, ours or upstream's; raises ModelNotFoundError that names them all."""
    known = {model.upstream_name or model.name: model for model in MODELS.values()}
    known.update(MODELS)
    try:
        return known[name]
    except KeyError:
        raise ModelNotFoundError(
            f"no model is called {name!r}, and no file either; known models: {', '.join(MODELS)}"
        ) from None


def url(model: PublishedModel, mirror: str | None = None) -> str:
    """Where the model is published: at `mirror`, else at the environment's `HF_ENDPOINT`, else Hugging Face.

    mirror: the start of the addresses of a server laid out as Hugging Face is, such as https://hub.example.
    Raises OptionError for one that is no http address.
    """
    if mirror is not None and not mirror.startswith(("http://", "https://")):
        raise OptionError(f"mirror={mirror!r}: an address that begins with http:// or https:// is needed")
    endpoint = mirror or os.environ.get("HF_ENDPOINT") or _ENDPOINT
    return f"{endpoint.rstrip('/')}/{model.repository}/resolve/main/{model.file_name}"
