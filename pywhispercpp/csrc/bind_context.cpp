// Context: load a model, know its facts, its timings; free it with the object.

#include "bind.h"
#include "context.h"
#include "errors.h"
#include "log.h"

#include <pybind11/stl.h>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

namespace pwc {
namespace {

// Of which model the alignment heads of DTW are. TOP: all heads of the upper layers, for a model that nobody measured.
const std::vector<std::pair<std::string, whisper_alignment_heads_preset>> kDtwPresets = {
    {"tiny.en", WHISPER_AHEADS_TINY_EN},     {"tiny", WHISPER_AHEADS_TINY},
    {"base.en", WHISPER_AHEADS_BASE_EN},     {"base", WHISPER_AHEADS_BASE},
    {"small.en", WHISPER_AHEADS_SMALL_EN},   {"small", WHISPER_AHEADS_SMALL},
    {"medium.en", WHISPER_AHEADS_MEDIUM_EN}, {"medium", WHISPER_AHEADS_MEDIUM},
    {"large.v1", WHISPER_AHEADS_LARGE_V1},   {"large.v2", WHISPER_AHEADS_LARGE_V2},
    {"large.v3", WHISPER_AHEADS_LARGE_V3},   {"large.v3.turbo", WHISPER_AHEADS_LARGE_V3_TURBO},
    {"top", WHISPER_AHEADS_N_TOP_MOST},
};

void use_dtw(whisper_context_params & params, const std::string & preset, int n_top) {
    for (const auto & [name, value] : kDtwPresets) {
        if (name == preset) {
            params.dtw_token_timestamps = true;
            params.dtw_aheads_preset = value;
            params.dtw_n_top = n_top;
            params.flash_attn = false;  // whisper.cpp has one or the other
            return;
        }
    }
    raise("OptionError", "there are no alignment heads of '" + preset + "'");
}

std::vector<std::string> dtw_presets() {
    std::vector<std::string> names;
    for (const auto & one : kDtwPresets) {
        names.push_back(one.first);
    }
    return names;
}

// What may be computed in a faster way than the plain one, in the order of the patches that brought it.
const std::vector<std::pair<std::string, whisper_optimization>> kOptimizations = {
    {"prompt", WHISPER_OPTIMIZE_ROWS},   {"sampling", WHISPER_OPTIMIZE_SAMPLING},   {"mel", WHISPER_OPTIMIZE_MEL},
    {"logits", WHISPER_OPTIMIZE_LOGITS}, {"gemv", WHISPER_OPTIMIZE_GEMV},           {"attention", WHISPER_OPTIMIZE_ATTENTION},
    {"cross", WHISPER_OPTIMIZE_CROSS},   {"gelu", WHISPER_OPTIMIZE_GELU},         {"tiles", WHISPER_OPTIMIZE_TILES},
};

std::vector<std::string> optimizations() {
    std::vector<std::string> names;
    for (const auto & one : kOptimizations) {
        names.push_back(one.first);
    }
    return names;
}

void optimize(whisper_context_params & params, const std::vector<std::string> & names) {
    params.optimize = WHISPER_OPTIMIZE_NONE;
    for (const auto & [name, bit] : kOptimizations) {
        if (std::find(names.begin(), names.end(), name) != names.end()) {
            params.optimize |= bit;
        }
    }
}

py::dict timings(Context & context) {
    const Use use(context);
    const std::unique_ptr<whisper_timings> got(whisper_get_timings_from_state(use.state()));
    py::dict result;
    result["sample_ms"] = got->sample_ms;
    result["encode_ms"] = got->encode_ms;
    result["decode_ms"] = got->decode_ms;
    result["batchd_ms"] = got->batchd_ms;
    result["prompt_ms"] = got->prompt_ms;
    return result;
}

void log_timings(Context & context) {
    const Use use(context);
    whisper_print_timings_with_state(use.ctx(), use.state());
    drain_log();
}

void reset_timings(Context & context) {
    const Use use(context);
    whisper_reset_timings_with_state(use.ctx(), use.state());
}

template <typename T>
auto fact(T Facts::*member) {
    return [member](const Context & self) { return self.facts().*member; };
}

}  // namespace

void bind_context(py::module_ & m) {
    using Params = whisper_context_params;
    m.attr("DTW_PRESETS") = dtw_presets();
    m.attr("OPTIMIZATIONS") = optimizations();
    py::class_<Params>(m, "ContextParams", "How to load a model; the defaults are whisper.cpp's.")
        .def(py::init(&whisper_context_default_params))
        .def_readwrite("use_gpu", &Params::use_gpu)
        .def_readwrite("flash_attn", &Params::flash_attn)
        .def_readwrite("gpu_device", &Params::gpu_device)
        .def("optimize", &optimize, py::arg("names"), "Compute in these of the OPTIMIZATIONS, and in no other.")
        .def("use_dtw", &use_dtw, py::arg("preset"), py::arg("n_top"),
             "Compute Token.t_dtw, by the alignment heads of one of DTW_PRESETS, or 'top': those of the n_top upper layers.");

    py::class_<Context>(m, "Context", "A loaded model. Threads may share it: each works in a session of its own.")
        .def(py::init<const std::string &, const Params &, int>(), py::arg("path"), py::arg("params"),
             py::arg("most_sessions") = 1, "Load a ggml file (bytes in the file system's encoding). Raises ModelError.")
        .def("close", &Context::close, "Free the model now. Later calls raise ModelError.")
        .def_property_readonly("n_sessions", &Context::n_sessions)
        .def_property_readonly("n_vocab", fact(&Facts::n_vocab))
        .def_property_readonly("n_audio_ctx", fact(&Facts::n_audio_ctx))
        .def_property_readonly("n_audio_state", fact(&Facts::n_audio_state))
        .def_property_readonly("n_text_ctx", fact(&Facts::n_text_ctx))
        .def_property_readonly("n_mels", fact(&Facts::n_mels))
        .def_property_readonly("ftype", fact(&Facts::ftype))
        .def_property_readonly("is_multilingual", fact(&Facts::is_multilingual))
        .def_property_readonly("type", fact(&Facts::type))
        .def("log_timings", &log_timings, "Send whisper.cpp's timings of the first session to the log.")
        .def("timings", &timings, "Milliseconds of a run of each step, on average since the last reset.")
        .def("reset_timings", &reset_timings, "Begin the timings anew.");
}

}  // namespace pwc
