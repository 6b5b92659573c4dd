// Waits at exit for what still computes: a daemon thread, for one.
//
// ggml's threads go through lists in static std::vectors (ggml_backend_cpu_get_extra_buffer_types, for one). exit()
// destroys those while the threads of a transcription that nobody waits for still run, and the process dies of SIGSEGV.
// So Python's atexit comes first: transcriptions are stopped as by an abort callback, and waited for.

#include "ending.h"

#include "bind.h"

#include <atomic>
#include <chrono>
#include <thread>

namespace pwc {
namespace {

constexpr auto kPatience = std::chrono::seconds(10);  // one node of a graph takes milliseconds
constexpr auto kPause = std::chrono::milliseconds(2);

std::atomic<int> computing{0};
std::atomic<bool> has_begun{false};

void end() {
    has_begun.store(true);
    const py::gil_scoped_release no_gil;
    const auto latest = std::chrono::steady_clock::now() + kPatience;
    while (computing.load() > 0 && std::chrono::steady_clock::now() < latest) {
        std::this_thread::sleep_for(kPause);
    }
}

}  // namespace

Computing::Computing() noexcept { computing.fetch_add(1); }

Computing::~Computing() { computing.fetch_sub(1); }

bool ending() noexcept { return has_begun.load(); }

void bind_ending(py::module_ & /*m*/) { py::module_::import("atexit").attr("register")(py::cpp_function(&end)); }

}  // namespace pwc
