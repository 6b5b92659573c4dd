// full(): audio in, segments out, with the GIL released while whisper.cpp works.

#include "bind.h"
#include "callbacks.h"
#include "context.h"
#include "errors.h"
#include "log.h"
#include "params.h"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <memory>
#include <regex>

namespace pwc {
namespace {

using Samples = py::array_t<float, py::array::c_style>;

constexpr int kRate = WHISPER_SAMPLE_RATE;
constexpr int kShortest = kRate / 10;             // whisper.cpp gives nothing for less than 100 ms
constexpr py::ssize_t kLongest = 36LL * 3600 * kRate;  // above, its int arithmetic on samples overflows
constexpr int kVadWindow = 512;                   // samples the Silero VAD looks at in one step

struct Result {
    std::vector<Segment> segments;
    int language = -1;
    bool aborted = false;
};

// A stretch of audio, in samples.
struct Span {
    const float * data;
    int size;
};

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

// One stretch on one state: the context's default one when `state` is null. Runs without the GIL; returns what failed.
std::string transcribe(whisper_context * ctx, whisper_state * state, const whisper_full_params & params, Span audio,
                       int & code) noexcept {
    try {
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

// offset_ms and duration_ms, brought inside the audio: whisper.cpp would go on into silence past its end.
Span window(const whisper_full_params & params, Span audio) {
    const int64_t first = static_cast<int64_t>(params.offset_ms) * kRate / 1000;
    const int64_t left = std::max<int64_t>(0, audio.size - first);
    const int64_t wanted = params.duration_ms == 0 ? left : static_cast<int64_t>(params.duration_ms) * kRate / 1000;
    return {audio.data + std::min<int64_t>(first, audio.size), static_cast<int>(std::min(left, wanted))};
}

// A run that ended early: raise what a callback raised, keep what there is after an abort, else say what failed.
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
        failure = transcribe(use.get(), nullptr, params, audio, code);
        park_if_finalizing();
    }
    if (params.vad && code != -1) {
        context.set_vad_model(params.vad_model_path);
    }
    settle(run, context, failure, code);
    const Source source{use.get(), nullptr};
    return {source.segments(), source.language(), run.aborted()};
}

struct FreeState {
    void operator()(whisper_state * state) const { whisper_free_state(state); }
};

// One share of the audio on a thread and a state of its own.
struct Worker {
    std::unique_ptr<whisper_state, FreeState> state;
    std::thread thread;
    Span share{};
    std::string failure;
    int code = 0;
};

// Threads that are joined whatever happens between their start and their end.
struct Workers : std::vector<Worker> {
    using std::vector<Worker>::vector;
    ~Workers() {
        for (Worker & worker : *this) {
            if (worker.thread.joinable()) {
                worker.thread.join();
            }
        }
    }
};

// Segments of a share, moved to where the share lies, never before the end of what came earlier.
void append(Result & result, std::vector<Segment> segments, int64_t shift) {
    for (Segment & segment : segments) {
        segment.t0 += shift;
        segment.t1 += shift;
        for (Token & token : segment.tokens) {
            token.data.t0 += token.data.t0 < 0 ? 0 : shift;
            token.data.t1 += token.data.t1 < 0 ? 0 : shift;
        }
        if (!result.segments.empty()) {
            segment.t0 = std::max(segment.t0, result.segments.back().t1);
        }
        result.segments.push_back(std::move(segment));
    }
}

// whisper_full_parallel's idea with its faults mended: it overflows on offsets past 134 s and audio past 22 minutes, and
// it drops the errors of its workers.
Result many(Context & context, const Use & use, whisper_full_params params, Span audio, int n, Run & run) {
    const int64_t offset = params.offset_ms / 10;
    const Span all = window(params, audio);
    params.offset_ms = params.duration_ms = 0;
    const int share = all.size / n;

    Workers workers(static_cast<size_t>(n));
    for (int i = 0; i < n; ++i) {
        Worker & worker = workers[static_cast<size_t>(i)];
        const int first = i * share;
        worker.share = {all.data + first, i == n - 1 ? all.size - first : share};
        worker.state.reset(whisper_init_state(use.get()));
        if (!worker.state) {
            raise("TranscriptionError", "no memory for " + std::to_string(n) + " processors: use fewer n_processors");
        }
    }
    whisper_full_params for_workers = params;
    run.attach_worker(for_workers);
    run.attach(params);
    // Only the first share is heard live; the others are delivered in order when they are done.
    params.print_realtime = for_workers.print_realtime = false;
    {
        const py::gil_scoped_release no_gil;
        const auto work = [ctx = use.get()](Worker & worker, const whisper_full_params & its) {
            worker.failure = transcribe(ctx, worker.state.get(), its, worker.share, worker.code);
        };
        for (size_t i = 1; i < workers.size(); ++i) {
            workers[i].thread = std::thread(work, std::ref(workers[i]), std::cref(for_workers));
        }
        work(workers[0], params);
        for (size_t i = 1; i < workers.size(); ++i) {
            workers[i].thread.join();
        }
        park_if_finalizing();
    }
    Result result;
    for (int i = 0; i < n; ++i) {
        Worker & worker = workers[static_cast<size_t>(i)];
        if (worker.code == -7) {
            static_cast<void>(worker.state.release());  // whisper.cpp has freed it
        }
        settle(run, context, worker.failure, worker.code == -7 ? -8 : worker.code);
        if (!worker.state) {
            continue;
        }
        const Source source{use.get(), worker.state.get()};
        const size_t before = result.segments.size();
        append(result, source.segments(), offset + static_cast<int64_t>(i) * share * 100 / kRate);
        for (size_t j = before; i > 0 && j < result.segments.size(); ++j) {
            run.deliver(result.segments[j]);
        }
        if (i == 0) {
            result.language = source.language();
        }
    }
    result.aborted = run.aborted();
    return result;
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
    return n > 1 ? many(context, use, view, audio, n, run) : one(context, use, view, audio, run);
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
