"""What Hugging Face calls the tensors that OpenAI named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from pywhispercpp.errors import ModelError

__all__ = ["OUTPUT", "by_openai_name", "is_network"]

OUTPUT = "proj_out.weight"  # Hugging Face's second name for the token embedding
_ANCHOR = "encoder.conv1.weight"  # the same in both schemes
#: Buffers that some versions saved; whisper.cpp computes them.
_IGNORED = ("decoder.mask", "alignment_heads")

_WHOLE = {
    "encoder.embed_positions.weight": "encoder.positional_embedding",
    "decoder.embed_positions.weight": "decoder.positional_embedding",
    "decoder.embed_tokens.weight": "decoder.token_embedding.weight",
}
_NORMS = {"encoder.layer_norm": "encoder.ln_post", "decoder.layer_norm": "decoder.ln"}
_PARTS = {
    **{f"self_attn.{h}_proj": f"attn.{o}" for h, o in zip("qkv", ("query", "key", "value"))},
    "self_attn.out_proj": "attn.out",
    "self_attn_layer_norm": "attn_ln",
    **{f"encoder_attn.{h}_proj": f"cross_attn.{o}" for h, o in zip("qkv", ("query", "key", "value"))},
    "encoder_attn.out_proj": "cross_attn.out",
    "encoder_attn_layer_norm": "cross_attn_ln",
    "fc1": "mlp.0",
    "fc2": "mlp.2",
    "final_layer_norm": "mlp_ln",
}
_LAYER = re.compile(r"(encoder|decoder)\.layers\.(\d{1,4})\.(.+)\.(weight|bias)")


def is_network(names: Iterable[str]) -> bool:
    """Whether tensors of these names may be a Whisper network."""
    return any(name.endswith(_ANCHOR) for name in names)


def by_openai_name(names: Iterable[str], path: Path) -> Mapping[str, str]:
    """OpenAI's name -> the name in the file, of both schemes, below any prefix that all names share.

    `proj_out.weight` stays under that name. Raises ModelError for tensors that are not of Whisper.
    """
    known = list(names)
    anchor = next((name for name in known if name.endswith(_ANCHOR)), None)
    if anchor is None:
        raise ModelError(f"{path}: no tensor {_ANCHOR}; not a Whisper network")
    prefix = anchor[: -len(_ANCHOR)]
    found: dict[str, str] = {}
    for name in known:
        plain = name[len(prefix) :] if name.startswith(prefix) else name
        plain = OUTPUT if plain.endswith(OUTPUT) else plain
        translated = _translated(plain)
        if translated in _IGNORED:
            continue
        if translated in found:
            raise ModelError(f"{path}: {found[translated]!r} and {name!r} are one tensor, {translated}")
        found[translated] = name
    return found


def _translated(name: str) -> str:
    if name in _WHOLE:
        return _WHOLE[name]
    layer = _LAYER.fullmatch(name)
    if layer is not None:
        stack, number, part, kind = layer.groups()
        return f"{stack}.blocks.{number}.{_PARTS.get(part, part)}.{kind}"
    module, _, kind = name.rpartition(".")
    return f"{_NORMS.get(module, module)}.{kind}" if module else name
