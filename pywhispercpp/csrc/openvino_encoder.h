// A whisper encoder that OpenVINO has compiled, and how whisper.cpp's states come to use it.
#pragma once

#include "openvino_api.h"

#include <whisper.h>

#include <memory>
#include <string>

// whisper.cpp's own name for what a state holds: here, the encoder and an infer request.
struct whisper_openvino_context;

namespace pwc {

struct EncoderSettings {
    std::string ir;         // the .xml; its .bin lies beside it
    std::string device;     // CPU, GPU, NPU, AUTO:…
    std::string precision;  // of the computation: f32, bf16, f16; empty for the device's own choice
    std::string cache_dir;  // for compiled models; empty for none
    int n_threads = 0;      // on a CPU
};

// Shared by the states of a Context; compiled models may be used from several threads.
class OpenvinoEncoder {
public:
    // Reads and compiles; takes from 0.1 s (tiny, CPU) to minutes (NPU). Throws std::runtime_error.
    explicit OpenvinoEncoder(const EncoderSettings & settings);

    std::string property(const char * name) const;  // what the compiled model says of itself; "" where it does not
    const std::string & ir() const { return ir_; }
    const ov_compiled_model_t * compiled() const { return compiled_.get(); }

private:
    std::string ir_;
    std::shared_ptr<ov_core_t> core_;
    std::shared_ptr<ov_compiled_model_t> compiled_;
};

// While it lives, OpenVINO's encoder asks this callback on this thread, as ggml does between the nodes of a graph, and
// stops when it is true: whisper.cpp does not hand it on. A null callback is none.
class StopEncoding {
public:
    StopEncoding(bool (*callback)(void *), void * data);
    ~StopEncoding();
    StopEncoding(const StopEncoding &) = delete;
    StopEncoding & operator=(const StopEncoding &) = delete;
};

// Makes a state encode with it from now on; what it used before is let go. `held` is what
// the state had got from an earlier call, nullptr the first time; returns what it holds now, which the state owns.
// Throws std::runtime_error.
whisper_openvino_context * encode_with(whisper_context * ctx, whisper_state * state, whisper_openvino_context * held,
                                       const std::shared_ptr<OpenvinoEncoder> & encoder);

}  // namespace pwc
