// Run: one transcription in progress, and how whisper.cpp's callbacks reach Python from it.
#pragma once

#include "context.h"
#include "ending.h"
#include "segments.h"

#include <pybind11/pybind11.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace pwc {

namespace py = pybind11;

// What Python wants to be called with; None for nothing.
struct Callbacks {
    py::object on_segment, on_progress, on_abort, on_encoder_begin, on_logits;
};

// Made, read and destroyed with the GIL held; whisper.cpp calls into it without.
//
// Python runs on the thread that started the transcription; only the logits filter is called on whisper.cpp's own
// threads too, which the first one waits for without the GIL. Nothing is thrown through whisper.cpp: the first exception
// is kept, the work is stopped at the next graph node, and rethrow() raises it to the caller.
class Run {
public:
    Run(const Context & context, Callbacks callbacks);
    Run(const Run &) = delete;
    Run & operator=(const Run &) = delete;

    void attach(whisper_full_params & params);         // every callback; for the thread that owns the Run
    void attach_worker(whisper_full_params & params);  // only what may come from any thread
    void suppress(std::vector<whisper_token> tokens) { suppressed_ = std::move(tokens); }

    void deliver(const Segment & segment);  // to the Python callback; needs the GIL
    void rethrow() const;                   // the exception of a callback or a signal, if there was one
    bool stopped() const { return stop_.load() || ending(); }
    bool aborted() const { return stopped() && !error_; }

private:
    static void new_segment(whisper_context * ctx, whisper_state * state, int n_new, void * self) noexcept;
    static void progress(whisper_context * ctx, whisper_state * state, int percent, void * self) noexcept;
    static bool encoder_begin(whisper_context * ctx, whisper_state * state, void * self) noexcept;
    static bool abort(void * self) noexcept;
    static void filter(whisper_context * ctx, whisper_state * state, const whisper_token_data * tokens, int n_tokens,
                       float * logits, void * self) noexcept;

    void filter_in_python(whisper_context * ctx, const whisper_token_data * tokens, int n_tokens, float * logits);
    void look_up();  // signals, log and the abort callback; needs the GIL
    template <typename Work>
    void guarded(Work && work) noexcept;

    const Context & context_;
    const Callbacks python_;
    const std::thread::id caller_ = std::this_thread::get_id();
    std::chrono::steady_clock::time_point looked_up_ = std::chrono::steady_clock::now();
    std::vector<whisper_token> suppressed_;
    int delivered_ = 0;
    std::atomic<bool> stop_{false};
    std::mutex error_mutex_;  // the logits filter may fail on several threads at once
    std::exception_ptr error_;
};

// Ends the life of a thread that comes back while the interpreter is going down: it may not take the GIL any more.
void park_if_finalizing() noexcept;

}  // namespace pwc
