// One transcription on several processors: the audio in shares, each on a thread and a state of its own.

#include "errors.h"
#include "full.h"
#include "log.h"

#include <algorithm>
#include <memory>
#include <thread>

namespace pwc {
namespace {

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
    Workers(Workers &&) = default;
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
            token.data.t_dtw += token.data.t_dtw < 0 ? 0 : shift;
        }
        if (!result.segments.empty()) {
            segment.t0 = std::max(segment.t0, result.segments.back().t1);
        }
        result.segments.push_back(std::move(segment));
    }
}

// n equal shares of the audio, the last one longer by what is left over, each with a state.
Workers shared_out(const Context & context, const Use & use, Span all, int n) {
    Workers workers(static_cast<size_t>(n));
    const std::shared_ptr<OpenvinoEncoder> encoder = context.encoder();
    const int size = all.size / n;
    for (int i = 0; i < n; ++i) {
        Worker & worker = workers[static_cast<size_t>(i)];
        const int first = i * size;
        worker.share = {all.data + first, i == n - 1 ? all.size - first : size};
        worker.state.reset(whisper_init_state(use.ctx()));
        if (!worker.state) {
            raise("TranscriptionError", "no memory for " + std::to_string(n) + " processors: use fewer n_processors");
        }
        if (encoder) {
            try {
                encode_with(use.ctx(), worker.state.get(), nullptr, encoder);
            } catch (const std::exception & error) {
                raise("TranscriptionError", error.what());
            }
        }
    }
    return workers;
}

// All shares at once, the first on the calling thread, which alone may call Python. Runs without the GIL.
void transcribe_all(const Use & use, Workers & workers, whisper_full_params params, Run & run) {
    // Only the first share is heard live; the others are delivered in order when they are done.
    params.print_realtime = false;
    whisper_full_params for_workers = params;
    run.attach_worker(for_workers);
    run.attach(params);
    const auto work = [ctx = use.ctx()](Worker & worker, const whisper_full_params & its) {
        worker.failure = transcribe(ctx, worker.state.get(), its, worker.share, worker.code);
    };
    const py::gil_scoped_release no_gil;
    {
        const Computing computing;
        for (size_t i = 1; i < workers.size(); ++i) {
            workers[i].thread = std::thread(work, std::ref(workers[i]), std::cref(for_workers));
        }
        work(workers[0], params);
        for (size_t i = 1; i < workers.size(); ++i) {
            workers[i].thread.join();
        }
    }
    park_if_finalizing();
}

}  // namespace

// whisper_full_parallel's idea with its faults mended: it overflows on offsets past 134 s and audio past 22 minutes, and
// it drops the errors of its workers.
Result transcribe_in_parallel(const Context & context, const Use & use, whisper_full_params params, Span audio, int n,
                              Run & run) {
    const int64_t offset = params.offset_ms / 10;
    const Span all = window(params, audio);
    params.offset_ms = params.duration_ms = 0;
    Workers workers = shared_out(context, use, all, n);
    transcribe_all(use, workers, params, run);

    Result result;
    for (size_t i = 0; i < workers.size(); ++i) {
        Worker & worker = workers[i];
        settle(run, worker.failure);
        const Source source{use.ctx(), worker.state.get()};
        const size_t before = result.segments.size();
        append(result, source.segments(), offset + (worker.share.data - all.data) * 100 / kRate);
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

}  // namespace pwc
