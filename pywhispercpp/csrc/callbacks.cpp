// whisper.cpp's callbacks: where the GIL is taken, signals are seen and exceptions are kept.

#include "callbacks.h"

#include "errors.h"
#include "log.h"

#include <pybind11/numpy.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace pwc {
namespace {

// Ctrl-C and the abort callback are looked at this often: ggml asks at every graph node (patch 0010), thousands of times
// a second, and each look costs the GIL.
constexpr std::chrono::milliseconds kLookUpEvery{50};

using Numbers = py::array_t<float, py::array::c_style | py::array::forcecast>;

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

Run::Run(const Context & context, Callbacks callbacks) : context_(context), python_(std::move(callbacks)) {}

void Run::attach(whisper_full_params & params) {
    attach_worker(params);
    if (!python_.on_segment.is_none()) {
        params.new_segment_callback = &Run::new_segment;
        params.new_segment_callback_user_data = this;
    }
    if (!python_.on_encoder_begin.is_none()) {
        params.encoder_begin_callback = &Run::encoder_begin;
        params.encoder_begin_callback_user_data = this;
    }
    params.progress_callback = &Run::progress;
    params.progress_callback_user_data = this;
}

void Run::attach_worker(whisper_full_params & params) {
    params.abort_callback = &Run::abort;
    params.abort_callback_user_data = this;
    if (!suppressed_.empty() || !python_.on_logits.is_none()) {
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
        const std::lock_guard<std::mutex> lock(error_mutex_);
        if (!error_) {  // a later one, of another thread, goes: it needs the GIL for that, which is held here
            error_ = std::current_exception();
        }
        stop_.store(true);
    }
}

void Run::look_up() {
    drain_log();
    if (PyErr_CheckSignals() != 0) {
        throw py::error_already_set();
    }
    if (!python_.on_abort.is_none() && py::bool_(python_.on_abort())) {
        stop_.store(true);
    }
}

void Run::deliver(const Segment & segment) {
    if (!python_.on_segment.is_none()) {
        python_.on_segment(segment);
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
        if (!run.python_.on_progress.is_none()) {
            run.python_.on_progress(percent);
        }
    });
}

bool Run::encoder_begin(whisper_context *, whisper_state *, void * self) noexcept {
    auto & run = *static_cast<Run *>(self);
    if (!run.stopped()) {
        run.guarded([&] {
            if (!py::bool_(run.python_.on_encoder_begin())) {
                run.stop_.store(true);
            }
        });
    }
    return !run.stopped();
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
void Run::filter(whisper_context * ctx, whisper_state *, const whisper_token_data * tokens, int n_tokens, float * logits,
                 void * self) noexcept {
    auto & run = *static_cast<Run *>(self);
    for (const whisper_token token : run.suppressed_) {
        logits[token] = -INFINITY;
    }
    if (!run.python_.on_logits.is_none() && !run.stopped()) {
        run.guarded([&] { run.filter_in_python(ctx, tokens, n_tokens, logits); });
    }
}

// Python gets a copy, which it may keep, and may return another array. NaN and +inf would end in whisper.cpp's sampling.
void Run::filter_in_python(whisper_context * ctx, const whisper_token_data * tokens, int n_tokens, float * logits) {
    const CallingBack calling(context_);
    const py::ssize_t n = whisper_model_n_vocab(ctx);
    py::list ids;
    for (int i = 0; i < n_tokens; ++i) {
        ids.append(tokens[i].id);
    }
    Numbers array(n, logits);
    const py::object returned = python_.on_logits(array, ids);
    if (!returned.is_none()) {
        array = Numbers::ensure(returned);
        if (!array || array.ndim() != 1 || array.size() != n) {
            PyErr_Clear();
            raise("OptionError", "logits_filter_callback returned something that is no array of " + std::to_string(n) +
                                     " numbers: change the array that it is given, or return such a one");
        }
    }
    const float * values = array.data();
    if (std::any_of(values, values + n, [](float value) { return std::isnan(value) || value == INFINITY; })) {
        raise("OptionError", "logits_filter_callback gave NaN or +inf: -inf forbids a token, a large number favours it");
    }
    std::copy(values, values + n, logits);
}

}  // namespace pwc
