// Context: one loaded model, its default state, and the lock that keeps two threads apart.
#pragma once

#include <pybind11/pybind11.h>
#include <whisper.h>

#include "openvino_encoder.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace pwc {

namespace py = pybind11;

// What a model says about itself, copied at load so that reading it needs no lock.
struct Facts {
    int n_vocab = 0;
    int n_audio_ctx = 0;
    int n_audio_state = 0;
    int n_text_ctx = 0;
    int n_mels = 0;
    int ftype = 0;
    bool is_multilingual = false;
    std::string type;
};

class Context {
public:
    Context(const std::string & path, const whisper_context_params & params);
    ~Context();
    Context(const Context &) = delete;
    Context & operator=(const Context &) = delete;

    void close();

    // whisper.cpp's state is beyond use: nothing may touch it again, not even to free it.
    void abandon() { ctx_ = nullptr; }

    const Facts & facts() const { return facts_; }
    const std::string & vad_model() const { return vad_model_; }
    void set_vad_model(const std::string & path) { vad_model_ = path; }

    // The OpenVINO encoder; nullptr where ggml encodes. All of these need the Use, none the GIL; the first two throw
    // std::runtime_error.
    void encode_with(std::shared_ptr<OpenvinoEncoder> encoder);
    void share_encoder(whisper_state * state) const;  // with another state of the same model
    const std::shared_ptr<OpenvinoEncoder> & encoder() const { return encoder_; }

private:
    friend class Use;

    whisper_context * ctx_ = nullptr;
    Facts facts_;
    std::string vad_model_;  // whisper.cpp loads a VAD model once and then keeps it
    std::shared_ptr<OpenvinoEncoder> encoder_;
    whisper_openvino_context * openvino_ = nullptr;  // the default state's, which owns it
    std::timed_mutex mutex_;
    std::atomic<std::thread::id> user_{};
};

// The right to use a Context, for as long as this object lives. Made and destroyed with the GIL held.
//
// Lock order: the context's mutex first, then the GIL. A thread never waits for the mutex while it holds the GIL, so a
// thread that has the mutex can always get the GIL for its callbacks.
class Use {
public:
    explicit Use(Context & context);
    ~Use();
    Use(const Use &) = delete;
    Use & operator=(const Use &) = delete;

    whisper_context * get() const { return context_.ctx_; }

private:
    Context & context_;
};

}  // namespace pwc
