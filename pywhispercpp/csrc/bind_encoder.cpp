// The encoder by itself: which one a model uses, and what it computes.

#include "audio.h"
#include "bind.h"
#include "context.h"
#include "ending.h"
#include "errors.h"
#include "log.h"
#include "openvino_encoder.h"

#include <pybind11/numpy.h>

#include <exception>
#include <memory>
#include <string>

namespace pwc {
namespace {

using Floats = py::array_t<float, py::array::c_style>;

// Library and version of the OpenVINO of this process.
std::pair<std::string, std::string> load(const std::string & path) {
    try {
        const OpenvinoApi & api = load_openvino(path);
        return {api.library, api.version};
    } catch (const std::exception & error) {
        raise("BackendError", error.what());
    }
}

void use_openvino(Context & context, const std::string & ir, const std::string & device, const std::string & precision,
                  const std::string & cache_dir, int n_threads) {
    Use use(context);
    std::string failure;
    {
        const py::gil_scoped_release no_gil;  // compiling takes from 0.1 s to minutes
        try {
            use.encode_with(std::make_shared<OpenvinoEncoder>(
                EncoderSettings{ir, device, precision, cache_dir, n_threads}));
        } catch (const std::exception & error) {
            failure = error.what();
        }
    }
    drain_log();
    if (!failure.empty()) {
        raise("BackendError", failure);
    }
}

int use_bf16(Context & context) {
    const Use use(context);
    const py::gil_scoped_release no_gil;
    return whisper_ctx_use_bf16(use.ctx());
}

std::string encoder_property(Context & context, const char * name) {
    const std::shared_ptr<OpenvinoEncoder> encoder = context.encoder();
    return encoder ? encoder->property(name) : "";
}

// Audio, or a mel spectrogram that is there already. Runs without the GIL.
int take_in(const Use & use, const Floats & input, int n_threads) {
    if (input.ndim() == 1) {
        return whisper_pcm_to_mel_with_state(use.ctx(), use.state(), input.data(), static_cast<int>(input.size()),
                                             n_threads);
    }
    return whisper_set_mel_with_state(use.ctx(), use.state(), input.data(), static_cast<int>(input.shape(1)),
                                      static_cast<int>(input.shape(0)));
}

// The array is made beforehand: without the GIL none can be.
Floats encode(Context & context, const Floats & input, int audio_ctx, int n_threads) {
    const bool is_mel = input.ndim() == 2 && input.shape(0) == context.facts().n_mels;
    const bool is_audio = input.ndim() == 1 && input.size() >= kShortest;
    if ((!is_mel && !is_audio) || input.size() == 0 || input.size() > kLongest) {
        raise("AudioError", "encoding needs 1-D audio between 100 ms and 36 hours, or a mel spectrogram of shape (" +
                                std::to_string(context.facts().n_mels) + ", n)");
    }
    const Use use(context);
    const int n_ctx = audio_ctx == 0 ? context.facts().n_audio_ctx : audio_ctx;
    if (n_ctx < 1 || n_ctx > context.facts().n_audio_ctx) {
        raise("OptionError", "audio_ctx=" + std::to_string(audio_ctx) + ": this model's is " +
                                 std::to_string(context.facts().n_audio_ctx));
    }
    Floats result({n_ctx, context.facts().n_audio_state});
    float * output = result.mutable_data();
    int code = 0;
    take_errors();
    {
        const py::gil_scoped_release no_gil;
        const Computing computing;
        code = take_in(use, input, n_threads);
        if (code == 0) {
            whisper_set_audio_ctx_with_state(use.state(), n_ctx);
            code = whisper_encode_with_state(use.ctx(), use.state(), 0, n_threads);
        }
        if (code == 0) {
            whisper_get_encoder_output_from_state(use.state(), output);
        }
    }
    const std::string logged = take_errors();
    drain_log();
    if (code != 0) {
        raise("TranscriptionError", "whisper.cpp failed while encoding: " + logged);
    }
    return result;
}

}  // namespace

void bind_encoder(py::module_ & m) {
    m.attr("OPENVINO_IS_LINKED") = kOpenvinoIsLinked;
    m.def("load_openvino", &load, py::arg("path"),
          "Load libopenvino_c, for good; \"\" leaves the search to the loader. (path, version) of what is loaded, also "
          "when that was loaded earlier. Raises BackendError.");
    m.def("use_openvino", &use_openvino, py::arg("context"), py::arg("ir"), py::arg("device"), py::arg("precision"),
          py::arg("cache_dir"), py::arg("n_threads"),
          "Compile an IR and encode with it from now on. Raises BackendError; the encoder then stays what it was.");
    m.def("encoder_property", &encoder_property, py::arg("context"), py::arg("name"),
          "A property of the compiled OpenVINO encoder, \"\" where there is none.");
    m.def("use_bf16", &use_bf16, py::arg("context"),
          "Have products of the encoder computed in bf16, for good: before the first transcription. How many there are.");
    m.def("encode", &encode, py::arg("context"), py::arg("input").noconvert(), py::arg("audio_ctx"),
          py::arg("n_threads"),
          "What the encoder makes of audio (1-D) or of a mel spectrogram (n_mels, n): float32 (audio_ctx, n_state).");
}

}  // namespace pwc
