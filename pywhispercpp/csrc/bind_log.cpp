// whisper.cpp's and ggml's messages: queued on any thread, handed to Python only where the GIL is held.
//
// ggml logs from worker threads, with and without the GIL, and while locks of its own are held. Taking the GIL there
// could deadlock, so a message only goes into a queue; the binding empties it at its own quiet points.

#include "bind.h"
#include "log.h"

#include <ggml.h>
#include <whisper.h>

#include <deque>
#include <mutex>
#include <utility>

namespace pwc {
namespace {

struct Line {
    int level;
    std::string text;
};

constexpr size_t kMostLines = 4096;  // without a reader the oldest lines go first

std::mutex queue_mutex;
std::deque<Line> & queue() {
    static auto * lines = new std::deque<Line>();  // never destroyed: threads may log while the process ends
    return *lines;
}

// A mutex and not the GIL guards the sink: free-threaded Python has none. No Python code may run under it.
std::mutex sink_mutex;
py::object & sink() {
    static auto * object = new py::object(py::none());  // never destroyed: the interpreter may be gone by then
    return *object;
}

py::object current_sink() {
    const std::lock_guard<std::mutex> guard(sink_mutex);
    return sink();
}

// The old sink leaves with the argument, after the lock: its end may run Python code.
void set_sink(py::object callable) {
    const std::lock_guard<std::mutex> guard(sink_mutex);
    std::swap(sink(), callable);
}

std::string & errors_of_this_thread() {
    thread_local std::string errors;
    return errors;
}

std::string trimmed(const char * text) {
    std::string line(text);
    while (!line.empty() && (line.back() == '\n' || line.back() == ' ')) {
        line.pop_back();
    }
    return line;
}

void take_in(int level, const char * text) noexcept {
    try {
        std::string line = trimmed(text);
        if (line.empty()) {
            return;
        }
        if (level == GGML_LOG_LEVEL_ERROR) {
            std::string & errors = errors_of_this_thread();
            errors += (errors.empty() ? "" : "; ") + line;
        }
        const std::lock_guard<std::mutex> guard(queue_mutex);
        if (level == GGML_LOG_LEVEL_CONT && !queue().empty()) {
            queue().back().text += line;
            return;
        }
        if (queue().size() == kMostLines) {
            queue().pop_front();
        }
        queue().push_back({level, std::move(line)});
    } catch (...) {  // out of memory: a lost message is better than a lost process
    }
}

// ggml calls this on any thread, so no Python here; and it is called from C, so nothing may be thrown.
void on_message(ggml_log_level level, const char * text, void * /*unused*/) noexcept { take_in(level, text); }

}  // namespace

void log_message(int level, const std::string & text) noexcept {
    take_in(level, text.c_str());
}

std::string take_errors() {
    std::string errors;
    errors.swap(errors_of_this_thread());
    return errors;
}

void drain_log() {
    std::deque<Line> lines;
    {
        const std::lock_guard<std::mutex> guard(queue_mutex);
        lines.swap(queue());
    }
    const py::object call = current_sink();
    if (call.is_none()) {
        return;
    }
    for (const Line & line : lines) {
        try {
            call(line.level, py::bytes(line.text));
        } catch (py::error_already_set & error) {  // a broken log handler must not break a transcription
            error.discard_as_unraisable("pywhispercpp's log sink");
        }
    }
}

void bind_log(py::module_ & m) {
    whisper_log_set(on_message, nullptr);  // sets ggml's callback too
    m.def(
        "set_log_sink", [](py::object callable) { set_sink(std::move(callable)); }, py::arg("sink"),
        "Call sink(level, text) for every message of whisper.cpp and ggml; None drops them. Levels are ggml's: "
        "1 debug, 2 info, 3 warning, 4 error.");
    m.def("drain_log", &drain_log, "Hand the waiting messages to the sink now.");
}

}  // namespace pwc
