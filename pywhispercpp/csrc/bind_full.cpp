// full(): audio in, segments out, with the GIL released while whisper.cpp works.

#include "bind.h"
#include "errors.h"
#include "full.h"
#include "log.h"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <memory>
#include <regex>

namespace pwc {
namespace {

const char * stage_of(int code) {
    switch (code) {
        case -2: return "computing the mel spectrogram";
        case -3: return "detecting the language";
        case -4: return "making the decoders: best_of or beam_size is too large";
        case -5: return "setting audio_ctx: it is larger than the model's";
        case -6: return "encoding";
        case kSpoilt: return "allocating the decoder's memory";
        case -8:
        case -9: return "decoding";
        default: return "transcribing";
    }
}

}  // namespace

std::string transcribe(whisper_context * ctx, whisper_state * state, const whisper_full_params & params, Span audio,
                       int & code) noexcept {
    try {
        const StopEncoding stop(params.abort_callback, params.abort_callback_user_data);
        code = whisper_full_with_state(ctx, state, params, audio.data, audio.size);
        const std::string logged = take_errors();
        if (code == 0) {
            return "";
        }
        return "whisper.cpp failed while " + std::string(stage_of(code)) + " (code " + std::to_string(code) + ")" +
               (logged.empty() ? "" : ": " + logged);
    } catch (const std::exception & error) {
        code = -100;
        return std::string("whisper.cpp failed: ") + error.what();
    }
}

Span window(const whisper_full_params & params, Span audio) {
    const int64_t first = static_cast<int64_t>(params.offset_ms) * kRate / 1000;
    const int64_t left = std::max<int64_t>(0, audio.size - first);
    const int64_t wanted = params.duration_ms == 0 ? left : static_cast<int64_t>(params.duration_ms) * kRate / 1000;
    return {audio.data + std::min<int64_t>(first, audio.size), static_cast<int>(std::min(left, wanted))};
}

void settle(const Run & run, const std::string & failure) {
    drain_log();
    run.rethrow();
    if (!failure.empty() && !run.aborted()) {
        raise("TranscriptionError", failure);
    }
}

namespace {

using Samples = py::array_t<float, py::array::c_style>;

std::regex compiled(const std::string & expression) {
    try {
        return std::regex(expression);
    } catch (const std::regex_error & error) {
        raise("OptionError", "suppress_regex is no ECMAScript regular expression: " + std::string(error.what()));
    }
}

// Token ids whose text matches. whisper.cpp compiles and matches the expression at every decoding step, and on worker
// threads, where an exception of std::regex ends the process; here it is done once and where it can be caught.
std::vector<whisper_token> matching_tokens(whisper_context * ctx, int n_vocab, const std::string & expression) {
    const std::regex regex = compiled(expression);
    std::vector<whisper_token> tokens;
    try {
        for (whisper_token token = 0; token < n_vocab; ++token) {
            if (std::regex_match(whisper_token_to_str(ctx, token), regex)) {
                tokens.push_back(token);
            }
        }
    } catch (const std::regex_error & error) {
        raise("OptionError", "suppress_regex asks too much of std::regex: " + std::string(error.what()));
    }
    return tokens;
}

Result one(Use & use, whisper_full_params params, Span audio, Run & run) {
    if (params.duration_ms > 0) {
        const int64_t left = static_cast<int64_t>(window(params, audio).size) * 1000 / kRate;
        params.duration_ms = static_cast<int>(std::max<int64_t>(1, left));
    }
    run.attach(params);
    std::string failure;
    int code = 0;
    {
        const py::gil_scoped_release no_gil;
        {
            const Computing computing;
            failure = transcribe(use.ctx(), use.state(), params, audio, code);
        }
        park_if_finalizing();
    }
    if (code == kSpoilt) {
        use.spoil();
    }
    settle(run, failure);
    const Source source{use.ctx(), use.state()};
    return {source.segments(), source.language(), run.aborted()};
}

Result full(Context & context, const Params & given, const Samples & samples, int n_processors, py::object on_segment,
            py::object on_progress, py::object on_abort, py::object on_encoder_begin, py::object on_logits) {
    const Params params(given);  // ours: another thread may change the given one while we work without the GIL
    if (samples.ndim() != 1 || samples.size() > kLongest) {
        raise("AudioError", "whisper.cpp takes 1-D audio of at most 36 hours");
    }
    const Span audio{samples.data(), static_cast<int>(samples.size())};
    Use use(context);
    const whisper_full_params view = params.view();
    const Span heard = window(view, audio);
    if (heard.size < kShortest) {
        return {};
    }
    Run run(context, {std::move(on_segment), std::move(on_progress), std::move(on_abort), std::move(on_encoder_begin),
                      std::move(on_logits)});
    if (params.suppress_regex && !params.suppress_regex->empty()) {
        run.suppress(matching_tokens(use.ctx(), context.facts().n_vocab, *params.suppress_regex));
    }
    take_errors();
    // A share below a second is not worth a state, and whisper.cpp reads 200 samples past the start of each.
    const int n = std::min(n_processors, heard.size / kRate);
    return n > 1 ? transcribe_in_parallel(context, use, view, audio, n, run) : one(use, view, audio, run);
}

}  // namespace

void bind_full(py::module_ & m) {
    py::class_<Result>(m, "Result", "What one transcription gave.")
        .def_readonly("segments", &Result::segments)
        .def_readonly("language", &Result::language, "Language id, -1 when nothing was heard.")
        .def_readonly("aborted", &Result::aborted, "True when the abort callback ended it.");

    m.def(
        "check_regex", [](const std::string & expression) { compiled(expression); }, py::arg("expression"),
        "Raise OptionError unless whisper.cpp can compile the expression.");
    m.def("full", &full, py::arg("context"), py::arg("params"), py::arg("samples").noconvert(),
          py::arg("n_processors") = 1, py::arg("new_segment") = py::none(), py::arg("progress") = py::none(),
          py::arg("abort") = py::none(), py::arg("encoder_begin") = py::none(), py::arg("logits_filter") = py::none(),
          "Transcribe 1-D float32 samples, 16 kHz, C-contiguous. new_segment(Segment), progress(percent), abort() -> bool "
          "and encoder_begin() -> bool run on the calling thread, logits_filter(logits, tokens) on any. Raises "
          "TranscriptionError, or whatever a callback raised.");
}

}  // namespace pwc
