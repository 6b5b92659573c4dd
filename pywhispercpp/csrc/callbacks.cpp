// whisper.cpp's callbacks: where the GIL is taken, signals are seen and exceptions are kept.

#include "callbacks.h"

#include "log.h"

#include <cmath>

namespace pwc {
namespace {

// Ctrl-C and the abort callback are looked at this often: ggml asks at every graph node, thousands of times a second,
// and each look costs the GIL.
constexpr std::chrono::milliseconds kLookUpEvery{50};

bool finalizing() noexcept {
#if PY_VERSION_HEX >= 0x030D0000
    return Py_IsFinalizing() != 0;
#else
    return _Py_IsFinalizing() != 0;
#endif
}

}  // namespace

void park_if_finalizing() noexcept {
    while (finalizing()) {  // a daemon thread: the process ends under it
        std::this_thread::sleep_for(std::chrono::seconds(1));
    }
}

Run::Run(py::object on_segment, py::object on_progress, py::object on_abort)
    : on_segment_(std::move(on_segment)), on_progress_(std::move(on_progress)), on_abort_(std::move(on_abort)) {}

void Run::attach(whisper_full_params & params) {
    attach_worker(params);
    if (!on_segment_.is_none()) {
        params.new_segment_callback = &Run::new_segment;
        params.new_segment_callback_user_data = this;
    }
    params.progress_callback = &Run::progress;
    params.progress_callback_user_data = this;
}

void Run::attach_worker(whisper_full_params & params) {
    params.abort_callback = &Run::abort;
    params.abort_callback_user_data = this;
    if (!suppressed_.empty()) {
        params.logits_filter_callback = &Run::filter;
        params.logits_filter_callback_user_data = this;
    }
}

// Takes the GIL for `work`; whisper.cpp holds no lock of its own here and we hold the context's: see Use for the order.
template <typename Work>
void Run::guarded(Work && work) noexcept {
    park_if_finalizing();
    const py::gil_scoped_acquire gil;
    try {
        work();
    } catch (...) {
        error_ = std::current_exception();
        stop_.store(true);
    }
}

void Run::look_up() {
    drain_log();
    if (PyErr_CheckSignals() != 0) {
        throw py::error_already_set();
    }
    if (!on_abort_.is_none() && py::bool_(on_abort_())) {
        stop_.store(true);
    }
}

void Run::deliver(const Segment & segment) {
    if (!on_segment_.is_none()) {
        on_segment_(segment);
    }
}

void Run::rethrow() const {
    if (error_) {
        std::rethrow_exception(error_);
    }
}

// n_new is not trusted: with some options whisper.cpp passes an index there. What has come since the last call is new.
void Run::new_segment(whisper_context * ctx, whisper_state * state, int /*n_new*/, void * self) noexcept {
    auto & run = *static_cast<Run *>(self);
    if (run.stopped()) {
        return;
    }
    run.guarded([&] {
        for (const Segment & segment : Source{ctx, state}.segments(run.delivered_)) {
            ++run.delivered_;
            run.deliver(segment);
        }
    });
}

void Run::progress(whisper_context * /*ctx*/, whisper_state * /*state*/, int percent, void * self) noexcept {
    auto & run = *static_cast<Run *>(self);
    if (run.stopped()) {
        return;
    }
    run.guarded([&] {
        run.look_up();
        if (!run.on_progress_.is_none()) {
            run.on_progress_(percent);
        }
    });
}

bool Run::abort(void * self) noexcept {
    auto & run = *static_cast<Run *>(self);
    if (run.stopped() || std::this_thread::get_id() != run.caller_) {
        return run.stopped();
    }
    const auto now = std::chrono::steady_clock::now();
    if (now - run.looked_up_ >= kLookUpEvery) {
        run.looked_up_ = now;
        run.guarded([&] { run.look_up(); });
    }
    return run.stopped();
}

// Called on several threads at once, each with logits of its own.
void Run::filter(whisper_context *, whisper_state *, const whisper_token_data *, int, float * logits,
                 void * self) noexcept {
    for (const whisper_token token : static_cast<Run *>(self)->suppressed_) {
        logits[token] = -INFINITY;
    }
}

}  // namespace pwc
