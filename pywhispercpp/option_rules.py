"""Which options make sense together and with a given model: checked before whisper.cpp can assert on them."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pywhispercpp import _core, grammar
from pywhispercpp.errors import OptionError
from pywhispercpp.options import ALIASES, BY_NAME, DERIVED

if TYPE_CHECKING:
    from pywhispercpp._core import Context, Params

logger = logging.getLogger("pywhispercpp")

# Smaller steps make endless retries: whisper.cpp lists every temperature up to 1.
LEAST_TEMPERATURE_STEP = 0.01
BEAM_SIZE = 5  # whisper.cpp's own default of beam search, and whisper-cli's
PROMPT_BYTES = 4096  # far more than 224 tokens; whisper.cpp's tokenizer recurses over the whole text


def languages(multilingual_vocabulary: int | None = None) -> list[str]:
    """Codes of the languages whisper.cpp knows, or only those of a model with that many tokens."""
    count = _core.lang_max_id() + 1
    if multilingual_vocabulary is not None:
        # Text and timestamp tokens come before the languages, as in whisper.cpp.
        count = min(count, multilingual_vocabulary - 51766)
    return [str(_core.lang_str(index)) for index in range(count)]


def checked(options: Mapping[str, object]) -> dict[str, object]:
    """Return `options` under whisper.cpp's names with values it takes; raise OptionError for a bad one."""
    result: dict[str, object] = {}
    for name, value in options.items():
        if name not in BY_NAME:
            import difflib  # here: for who makes mistakes

            near = difflib.get_close_matches(name, BY_NAME, n=1)
            hint = f" Did you mean {near[0]}?" if near else " Model.get_params_schema() lists them all."
            raise OptionError(f"there is no option {name!r}.{hint}")
        good = BY_NAME[name].check(value)
        if name == "language":
            good = _known_language(None if good is None else str(good))
        if name not in DERIVED:
            result[ALIASES.get(name, name)] = good
    return result


def _known_language(value: str | None) -> str:
    language = (value or "auto").strip().lower() or "auto"
    if language == "auto":
        return ""
    number = _core.lang_id(language)
    if number < 0:
        raise OptionError(f"language={value!r} is unknown, known are auto, {', '.join(languages())}")
    return str(_core.lang_str(number))


def ready(params: Params, context: Context) -> Params:
    """Return a copy of `params` that is safe to run on `context`; raise OptionError when there is none."""
    run = params.copy()
    _check_sizes(run, context)
    _check_decoding(run, context)
    if run.suppress_regex:
        _core.check_regex(run.suppress_regex)
    if run.vad:
        from pywhispercpp.models import vad_model

        run.vad_model_path = os.fsencode(vad_model(run.vad_model_path))
    if run.grammar:
        rules = grammar.parse(run.grammar)
        run.set_grammar(rules.rules, rules.start(run.grammar_rule))
    if run.initial_prompt is not None:
        run.initial_prompt = run.initial_prompt.encode()[-PROMPT_BYTES:].decode(errors="ignore")
    _settle_language(run, context)
    return run


def _check_sizes(run: Params, context: Context) -> None:
    if run.audio_ctx > context.n_audio_ctx:
        raise OptionError(f"audio_ctx={run.audio_ctx}: this model's is {context.n_audio_ctx}")
    for token in run.prompt_tokens or ():
        if token >= context.n_vocab:
            raise OptionError(f"prompt_tokens: there is no token {token}, this model has {context.n_vocab}")


def _check_decoding(run: Params, context: Context) -> None:
    if run.strategy == 1 and run.beam_search["beam_size"] == -1:
        run.beam_search = {"beam_size": BEAM_SIZE}
    if run.strategy == 1 and run.beam_search["beam_size"] < 1:
        raise OptionError(f"beam_size={run.beam_search['beam_size']}: beam search needs at least 1")
    if 0 < run.temperature_inc < LEAST_TEMPERATURE_STEP:
        raise OptionError(f"temperature_inc={run.temperature_inc:g}: 0 or at least {LEAST_TEMPERATURE_STEP}")
    # With a smaller budget whisper.cpp takes a negative number of tokens from behind the carried prompt.
    if run.carry_initial_prompt and 0 < run.n_max_text_ctx < context.n_text_ctx // 2:
        least = context.n_text_ctx // 2
        raise OptionError(f"n_max_text_ctx={run.n_max_text_ctx}: carry_initial_prompt needs {least} or more")


def _settle_language(run: Params, context: Context) -> None:
    if not context.is_multilingual:
        if run.detect_language:
            raise OptionError("detect_language needs a multilingual model, this one knows English only")
        if run.language not in ("", "en") or run.translate:
            logger.warning("this model knows English only: language and translate are ignored")
        run.language = "en"
    elif run.language and run.language not in languages(context.n_vocab):
        raise OptionError(f"language={run.language!r}: this model does not know it")
