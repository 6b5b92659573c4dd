// Run: one transcription in progress, and how whisper.cpp's callbacks reach Python from it.
#pragma once

#include "ending.h"
#include "segments.h"

#include <pybind11/pybind11.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <thread>
#include <vector>

namespace pwc {

namespace py = pybind11;

// Made, read and destroyed with the GIL held; whisper.cpp calls into it without.
//
// Python runs only on the thread that started the transcription. Worker threads of whisper.cpp and ggml read `stop_`
// and `suppressed_`, never Python. Nothing is thrown through whisper.cpp: the first exception is kept, the work is
// stopped at the next graph node, and rethrow() raises it to the caller.
class Run {
public:
    Run(py::object on_segment, py::object on_progress, py::object on_abort);
    Run(const Run &) = delete;
    Run & operator=(const Run &) = delete;

    void attach(whisper_full_params & params);         // every callback; for the thread that owns the Run
    void attach_worker(whisper_full_params & params);  // only what is safe on any thread
    void suppress(std::vector<whisper_token> tokens) { suppressed_ = std::move(tokens); }

    void deliver(const Segment & segment);  // to the Python callback; needs the GIL
    void rethrow() const;                   // the exception of a callback or a signal, if there was one
    bool stopped() const { return stop_.load() || ending(); }
    bool aborted() const { return stopped() && !error_; }

private:
    static void new_segment(whisper_context * ctx, whisper_state * state, int n_new, void * self) noexcept;
    static void progress(whisper_context * ctx, whisper_state * state, int percent, void * self) noexcept;
    static bool abort(void * self) noexcept;
    static void filter(whisper_context * ctx, whisper_state * state, const whisper_token_data * tokens, int n_tokens,
                       float * logits, void * self) noexcept;

    void look_up();  // signals, log and the abort callback; needs the GIL
    template <typename Work>
    void guarded(Work && work) noexcept;

    py::object on_segment_, on_progress_, on_abort_;
    const std::thread::id caller_ = std::this_thread::get_id();
    std::chrono::steady_clock::time_point looked_up_ = std::chrono::steady_clock::now();
    std::vector<whisper_token> suppressed_;
    int delivered_ = 0;
    std::atomic<bool> stop_{false};
    std::exception_ptr error_;
};

// Ends the life of a thread that comes back while the interpreter is going down: it may not take the GIL any more.
void park_if_finalizing() noexcept;

}  // namespace pwc
