// The extension pywhispercpp._core: whisper.cpp's C API as Python objects. Each concept has its own bind_*.cpp.

#include "bind.h"

#include <whisper.h>

#include <mutex>
#include <string>

namespace {

// whisper.cpp writes the text into one static string.
std::string system_info() {
    static std::mutex mutex;
    const std::lock_guard<std::mutex> guard(mutex);
    return whisper_print_system_info();
}

}  // namespace

PYBIND11_MODULE(_core, m, pybind11::mod_gil_not_used()) {  // why it may say so: bind.h
    m.doc() = "whisper.cpp for Python. Private: use pywhispercpp.Model.";

    m.attr("SAMPLE_RATE") = WHISPER_SAMPLE_RATE;
    m.def("system_info", &system_info, "The ISA features and backends compiled in, as whisper.cpp words them.");
    m.def("whisper_version", &whisper_version, "The version of the whisper.cpp inside.");

    pwc::bind_backend(m);
    pwc::bind_log(m);
    pwc::bind_ending(m);
    pwc::bind_params(m);
    pwc::bind_segments(m);
    pwc::bind_context(m);
    pwc::bind_encoder(m);
    pwc::bind_quants(m);
    pwc::bind_full(m);
    pwc::bind_language(m);
    pwc::bind_vad(m);
    pwc::bind_bench(m);
}
