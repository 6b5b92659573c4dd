// Languages: codes, names, and which one is spoken.

#include "audio.h"
#include "bind.h"
#include "context.h"
#include "ending.h"
#include "errors.h"
#include "log.h"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <optional>
#include <vector>

namespace pwc {
namespace {

using Samples = py::array_t<float, py::array::c_style>;

std::optional<std::string> text(const char * found) {
    return found != nullptr ? std::optional<std::string>(found) : std::nullopt;
}

std::pair<int, std::vector<float>> detect(Context & context, const Samples & samples, int offset_ms, int n_threads,
                                          int audio_ctx) {
    if (samples.ndim() != 1 || samples.size() < kShortest || samples.size() > kLongest) {
        raise("AudioError", "language detection needs 1-D audio between 100 ms and 36 hours");
    }
    const Use use(context);
    std::vector<float> probabilities(static_cast<size_t>(whisper_lang_max_id()) + 1);
    int id = 0;
    take_errors();
    {
        const py::gil_scoped_release no_gil;
        const Computing computing;
        whisper_set_audio_ctx_with_state(use.state(), audio_ctx);
        id = whisper_pcm_to_mel_with_state(use.ctx(), use.state(), samples.data(), static_cast<int>(samples.size()),
                                           n_threads);
        if (id == 0) {
            id = whisper_lang_auto_detect_with_state(use.ctx(), use.state(), offset_ms, n_threads,
                                                     probabilities.data());
        }
    }
    drain_log();
    if (id < 0) {
        raise("TranscriptionError", "whisper.cpp cannot detect the language: " + take_errors());
    }
    return {id, probabilities};
}

}  // namespace

void bind_language(py::module_ & m) {
    m.def("lang_max_id", &whisper_lang_max_id, "The largest language id: one less than there are languages.");
    m.def(
        "lang_id", [](const std::string & language) { return whisper_lang_id(language.c_str()); },
        py::arg("language"), "The id of a code or English name, -1 when unknown.");
    m.def(
        "lang_str", [](int id) { return text(whisper_lang_str(id)); }, py::arg("id"), "The code of an id, or None.");
    m.def(
        "lang_str_full", [](int id) { return text(whisper_lang_str_full(id)); }, py::arg("id"),
        "The English name of an id, or None.");
    m.def("detect_language", &detect, py::arg("context"), py::arg("samples").noconvert(), py::arg("offset_ms"),
          py::arg("n_threads"), py::arg("audio_ctx"),
          "(id, probability of every id) of the 30 s of samples from offset_ms on.");
}

}  // namespace pwc
