// Context: load a model, know its facts, free it with the object.

#include "bind.h"
#include "context.h"
#include "errors.h"
#include "log.h"

#include <chrono>
#include <exception>
#include <memory>

namespace pwc {
namespace {

Facts read_facts(whisper_context * ctx) {
    Facts facts;
    facts.n_vocab = whisper_model_n_vocab(ctx);
    facts.n_audio_ctx = whisper_model_n_audio_ctx(ctx);
    facts.n_audio_state = whisper_model_n_audio_state(ctx);
    facts.n_text_ctx = whisper_model_n_text_ctx(ctx);
    facts.n_mels = whisper_model_n_mels(ctx);
    facts.ftype = whisper_model_ftype(ctx);
    facts.is_multilingual = whisper_is_multilingual(ctx) != 0;
    facts.type = whisper_model_type_readable(ctx);
    return facts;
}

}  // namespace

Context::Context(const std::string & path, const whisper_context_params & params) {
    std::string failure;
    take_errors();
    {
        const py::gil_scoped_release no_gil;  // loading reads up to 3 GB: other Python threads go on meanwhile
        try {
            ctx_ = whisper_init_from_file_with_params(path.c_str(), params);
        } catch (const std::exception & error) {
            failure = error.what();
        }
    }
    drain_log();
    if (ctx_ == nullptr) {
        const std::string logged = take_errors();
        raise("ModelError", "whisper.cpp cannot load " + path + ": " + (logged.empty() ? failure : logged));
    }
    facts_ = read_facts(ctx_);
}

// Only the last reference gets here, so no thread can be inside a call on this object.
Context::~Context() { whisper_free(ctx_); }

void Context::close() {
    const Use use(*this);
    whisper_free(ctx_);
    ctx_ = nullptr;
    openvino_ = nullptr;
    encoder_.reset();
}

void Context::encode_with(std::shared_ptr<OpenvinoEncoder> encoder) {
    openvino_ = pwc::encode_with(ctx_, nullptr, openvino_, encoder);
    encoder_ = std::move(encoder);
}

void Context::share_encoder(whisper_state * state) const {
    if (encoder_) {
        pwc::encode_with(ctx_, state, nullptr, encoder_);
    }
}

Use::Use(Context & context) : context_(context) {
    if (context.user_.load() == std::this_thread::get_id()) {  // waiting for ourselves would never end
        raise("TranscriptionError", "a callback cannot use the model that is calling it: collect, and use it afterwards");
    }
    bool locked = false;
    while (!locked) {
        {
            const py::gil_scoped_release no_gil;
            locked = context.mutex_.try_lock_for(std::chrono::milliseconds(100));
        }
        if (!locked && PyErr_CheckSignals() != 0) {  // Ctrl-C works while waiting for another thread's transcription
            throw py::error_already_set();
        }
    }
    if (context.ctx_ == nullptr) {
        context.mutex_.unlock();
        raise("ModelError", "this model has been closed or its memory ran out: load it again");
    }
    context.user_.store(std::this_thread::get_id());
}

Use::~Use() {
    context_.user_.store(std::thread::id());
    context_.mutex_.unlock();
}

namespace {

py::dict timings(Context & context) {
    const Use use(context);
    const std::unique_ptr<whisper_timings> got(whisper_get_timings(use.get()));
    py::dict result;
    if (got) {
        result["sample_ms"] = got->sample_ms;
        result["encode_ms"] = got->encode_ms;
        result["decode_ms"] = got->decode_ms;
        result["batchd_ms"] = got->batchd_ms;
        result["prompt_ms"] = got->prompt_ms;
    }
    return result;
}

}  // namespace

void bind_context(py::module_ & m) {
    using Params = whisper_context_params;
    py::class_<Params>(m, "ContextParams", "How to load a model; the defaults are whisper.cpp's.")
        .def(py::init(&whisper_context_default_params))
        .def_readwrite("use_gpu", &Params::use_gpu)
        .def_readwrite("flash_attn", &Params::flash_attn)
        .def_readwrite("gpu_device", &Params::gpu_device);

    py::class_<Context>(m, "Context", "A loaded model. Threads may share it: they take turns.")
        .def(py::init<const std::string &, const Params &>(), py::arg("path"), py::arg("params"),
             "Load a ggml file (bytes in the file system's encoding). Raises ModelError.")
        .def("close", &Context::close, "Free the model now. Later calls raise ModelError.")
        .def_property_readonly("n_vocab", [](const Context & self) { return self.facts().n_vocab; })
        .def_property_readonly("n_audio_ctx", [](const Context & self) { return self.facts().n_audio_ctx; })
        .def_property_readonly("n_audio_state", [](const Context & self) { return self.facts().n_audio_state; })
        .def_property_readonly("n_text_ctx", [](const Context & self) { return self.facts().n_text_ctx; })
        .def_property_readonly("n_mels", [](const Context & self) { return self.facts().n_mels; })
        .def_property_readonly("ftype", [](const Context & self) { return self.facts().ftype; })
        .def_property_readonly("is_multilingual", [](const Context & self) { return self.facts().is_multilingual; })
        .def_property_readonly("type", [](const Context & self) { return self.facts().type; })
        .def(
            "log_timings",
            [](Context & self) {
                const Use use(self);
                whisper_print_timings(use.get());
                drain_log();
            },
            "Send whisper.cpp's timings to the log.")
        .def("timings", &timings, "Milliseconds of a run of each step, on average since the last reset.")
        .def(
            "reset_timings",
            [](Context & self) {
                const Use use(self);
                whisper_reset_timings(use.get());
            },
            "Begin the timings anew.");
}

}  // namespace pwc
