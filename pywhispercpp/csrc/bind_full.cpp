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
        case -1: return "finding speech (VAD)";
        case -2: return "computing the mel spectrogram";
        case -3: return "detecting the language";
        case -4: return "making the decoders: best_of or beam_size is too large";
        case -5: return "setting audio_ctx: it is larger than the model's";
        case -6: return "encoding";
        case -7: return "allocating the decoder's memory";
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
        code = state != nullptr ? whisper_full_with_state(ctx, state, params, audio.data, audio.size)
                                : whisper_full(ctx, params, audio.data, audio.size);
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

void settle(const Run & run, Context & context, const std::string & failure, int code) {
    drain_log();
    if (code == -7) {
        context.abandon();  // whisper.cpp has freed the state but still points to it
    }
    run.rethrow();
    if (!failure.empty() && !run.aborted()) {
        raise("TranscriptionError", failure);
    }
}

namespace {

using Samples = py::array_t<float, py::array::c_style>;

constexpr int kVadWindow = 512;  // samples the Silero VAD looks at in one step

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

Result one(Context & context, const Use & use, whisper_full_params params, Span audio, Run & run) {
    std::vector<float> padded;
    if (params.vad) {
        // Whole windows only: a speech segment cut at the end of the audio can be shorter than whisper.cpp's own
        // padding reads (200 samples), and it reads past its buffer then.
        padded.assign(audio.data, audio.data + audio.size);
        padded.resize((padded.size() / kVadWindow + 1) * kVadWindow, 0.0F);
        audio = {padded.data(), static_cast<int>(padded.size())};
    }
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
            failure = transcribe(use.get(), nullptr, params, audio, code);
        }
        park_if_finalizing();
    }
    if (params.vad && code != -1) {
        context.set_vad_model(params.vad_model_path);
    }
    settle(run, context, failure, code);
    const Source source{use.get(), nullptr};
    return {source.segments(), source.language(), run.aborted()};
}

Result full(Context & context, const Params & given, const Samples & samples, int n_processors, py::object on_segment,
            py::object on_progress, py::object on_abort) {
    const Params params(given);  // ours: another thread may change the given one while we work without the GIL
    if (samples.ndim() != 1 || samples.size() > kLongest) {
        raise("AudioError", "whisper.cpp takes 1-D audio of at most 36 hours");
    }
    const Span audio{samples.data(), static_cast<int>(samples.size())};
    const Use use(context);
    whisper_full_params view = params.view();
    const Span heard = window(view, audio);
    if (heard.size < kShortest) {
        return {};
    }
    if (view.vad) {
        if (!context.vad_model().empty() && context.vad_model() != params.vad_model_path) {
            raise("OptionError", "this Model already uses the VAD model " + context.vad_model() +
                                     ": load another Model for another vad_model_path");
        }
        n_processors = 1;  // whisper.cpp keeps its VAD in the default state
    }
    Run run(std::move(on_segment), std::move(on_progress), std::move(on_abort));
    if (params.suppress_regex && !params.suppress_regex->empty()) {
        run.suppress(matching_tokens(use.get(), context.facts().n_vocab, *params.suppress_regex));
    }
    take_errors();
    // A share below a second is not worth a state, and whisper.cpp reads 200 samples past the start of each.
    const int n = std::min(n_processors, heard.size / kRate);
    return n > 1 ? transcribe_in_parallel(context, use, view, audio, n, run) : one(context, use, view, audio, run);
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
          py::arg("abort") = py::none(),
          "Transcribe 1-D float32 samples, 16 kHz, C-contiguous. new_segment(Segment), progress(percent) and abort() -> "
          "bool run on the calling thread. Raises TranscriptionError, or whatever a callback raised.");
}

}  // namespace pwc
