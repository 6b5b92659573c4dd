// whisper.cpp's OpenVINO encoder, over the C API: in the place of its own src/openvino/whisper-openvino-encoder.cpp.

#include "openvino_encoder.h"

#include "log.h"

#include <ggml.h>
#include <openvino/whisper-openvino-encoder.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <vector>

namespace pwc {
namespace {

// OpenVINO's messages on one line: they are several, one below the other.
std::string in_one_line(std::string text) {
    std::replace(text.begin(), text.end(), '\n', ' ');
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
}

// Throws where an OpenVINO call failed, with its own words for why.
void require(ov_status_e status, const std::string & what) {
    if (status == 0) {
        return;
    }
    const OpenvinoApi & api = openvino_api();
    const char * why = api.ov_get_last_err_msg();
    const bool said = why != nullptr && *why != '\0';
    throw std::runtime_error("OpenVINO failed while " + what + ": " +
                             in_one_line(said ? why : api.ov_get_error_info(status)));
}

// Keys and values of the properties to compile with.
std::vector<const char *> properties(const EncoderSettings & settings, const std::string & n_threads) {
    std::vector<const char *> found;
    const auto add = [&found](const char * key, const std::string & value) {
        found.push_back(key);
        found.push_back(value.c_str());
    };
    if (!settings.precision.empty()) {
        add("INFERENCE_PRECISION_HINT", settings.precision);
    }
    if (settings.device == "CPU" && settings.n_threads > 0) {  // the others know no such property
        add("INFERENCE_NUM_THREADS", n_threads);
    }
    if (!settings.cache_dir.empty()) {
        add("CACHE_DIR", settings.cache_dir);
    }
    return found;
}

constexpr size_t kMostProperties = 3;

}  // namespace

OpenvinoEncoder::OpenvinoEncoder(const EncoderSettings & settings) : ir_(settings.ir) {
    const OpenvinoApi & api = openvino_api();
    ov_core_t * core = nullptr;
    require(api.ov_core_create(&core), "starting");
    core_.reset(core, api.ov_core_free);

    ov_model_t * model = nullptr;
    require(api.ov_core_read_model(core, ir_.c_str(), nullptr, &model), "reading " + ir_);
    const std::unique_ptr<ov_model_t, decltype(api.ov_model_free)> owner(model, api.ov_model_free);

    const std::string n_threads = std::to_string(settings.n_threads);
    std::vector<const char *> args = properties(settings, n_threads);
    const size_t n_args = args.size();  // only so many are read
    args.resize(2 * kMostProperties, nullptr);
    ov_compiled_model_t * compiled = nullptr;
    const ov_status_e status = api.ov_core_compile_model(core, model, settings.device.c_str(), n_args, &compiled,
                                                         args[0], args[1], args[2], args[3], args[4], args[5]);
    require(status, "compiling " + ir_ + " for the device " + settings.device);
    compiled_.reset(compiled, api.ov_compiled_model_free);
}

std::string OpenvinoEncoder::property(const char * name) const {
    const OpenvinoApi & api = openvino_api();
    char * value = nullptr;
    if (api.ov_compiled_model_get_property(compiled_.get(), name, &value) != 0 || value == nullptr) {
        return "";
    }
    std::string text = value;
    api.ov_free(value);
    return text;
}

}  // namespace pwc

// An infer request, and the way it says that it has ended.
struct whisper_openvino_context {
    explicit whisper_openvino_context(const std::shared_ptr<pwc::OpenvinoEncoder> & encoder) { use(encoder); }
    void use(const std::shared_ptr<pwc::OpenvinoEncoder> & other);
    void infer();  // throws std::runtime_error

    std::shared_ptr<pwc::OpenvinoEncoder> encoder;
    std::shared_ptr<ov_infer_request_t> request;

private:
    static void on_end(void * self);

    const ov_callback_t callback_{&on_end, this};  // OpenVINO keeps its address
    std::mutex mutex_;
    std::condition_variable ended_;
    bool has_ended_ = false;
};

namespace pwc {
namespace {

// What whisper_openvino_init(), called by whisper.cpp on this thread, is to take; its own arguments say too little.
thread_local std::shared_ptr<OpenvinoEncoder> offered;
thread_local whisper_openvino_context * taken = nullptr;

thread_local bool (*stop_callback)(void *) = nullptr;
thread_local void * stop_data = nullptr;
constexpr auto kAskEvery = std::chrono::milliseconds(5);

using Tensor = std::unique_ptr<ov_tensor_t, decltype(&::ov_tensor_free)>;

// The bytes of a tensor; their number must be what whisper.cpp has.
void * bytes_of(const Tensor & tensor, size_t wanted, const char * what) {
    const OpenvinoApi & api = openvino_api();
    size_t size = 0;
    require(api.ov_tensor_get_byte_size(tensor.get(), &size), what);
    if (size != wanted) {
        throw std::runtime_error("the IR's " + std::string(what) + " has " + std::to_string(size) +
                                 " bytes, whisper.cpp's " + std::to_string(wanted) + ": it is of another model");
    }
    void * data = nullptr;
    require(api.ov_tensor_data(tensor.get(), &data), what);
    return data;
}

void encode(whisper_openvino_context & context, const ggml_tensor & mel, ggml_tensor & out) {
    const OpenvinoApi & api = openvino_api();
    ov_infer_request_t * request = context.request.get();
    ov_tensor_t * tensor = nullptr;
    require(api.ov_infer_request_get_input_tensor(request, &tensor), "taking the input");
    const Tensor input(tensor, api.ov_tensor_free);
    int64_t dims[] = {1, mel.ne[1], mel.ne[0]};
    require(api.ov_tensor_set_shape(input.get(), ov_shape_t{3, dims}),
            "setting audio_ctx to " + std::to_string(mel.ne[0] / 2));
    std::memcpy(bytes_of(input, ggml_nbytes(&mel), "input"), mel.data, ggml_nbytes(&mel));

    context.infer();
    require(api.ov_infer_request_get_output_tensor(request, &tensor), "taking the output");
    const Tensor output(tensor, api.ov_tensor_free);
    std::memcpy(out.data, bytes_of(output, ggml_nbytes(&out), "output"), ggml_nbytes(&out));
}

}  // namespace

StopEncoding::StopEncoding(bool (*callback)(void *), void * data) {
    stop_callback = callback;
    stop_data = data;
}

StopEncoding::~StopEncoding() { stop_callback = nullptr; }

whisper_openvino_context * encode_with(whisper_context * ctx, whisper_state * state, whisper_openvino_context * held,
                                       const std::shared_ptr<OpenvinoEncoder> & encoder) {
    if (held != nullptr) {  // whisper.cpp would forget the old one, and not free it
        held->use(encoder);
        return held;
    }
    offered = encoder;
    taken = nullptr;
    const char * ir = encoder->ir().c_str();
    const int failed = whisper_ctx_init_openvino_encoder_with_state(ctx, state, ir, "", "");
    offered.reset();
    if (failed != 0) {
        throw std::runtime_error(take_errors());
    }
    return taken;
}

}  // namespace pwc

void whisper_openvino_context::use(const std::shared_ptr<pwc::OpenvinoEncoder> & other) {
    const pwc::OpenvinoApi & api = pwc::openvino_api();
    ov_infer_request_t * fresh = nullptr;
    pwc::require(api.ov_compiled_model_create_infer_request(other->compiled(), &fresh), "preparing " + other->ir());
    const std::shared_ptr<ov_infer_request_t> owner(fresh, api.ov_infer_request_free);
    pwc::require(api.ov_infer_request_set_callback(fresh, &callback_), "preparing " + other->ir());
    request = owner;  // before the encoder: what a request was made of must outlive it
    encoder = other;
}

void whisper_openvino_context::on_end(void * self) {
    auto & context = *static_cast<whisper_openvino_context *>(self);
    const std::lock_guard<std::mutex> guard(context.mutex_);
    context.has_ended_ = true;
    context.ended_.notify_all();
}

void whisper_openvino_context::infer() {
    const pwc::OpenvinoApi & api = pwc::openvino_api();
    has_ended_ = false;
    pwc::require(api.ov_infer_request_start_async(request.get()), "encoding");
    bool stopped = false;
    {
        std::unique_lock<std::mutex> lock(mutex_);
        while (!ended_.wait_for(lock, pwc::kAskEvery, [this] { return has_ended_; })) {
            lock.unlock();  // the callback takes the GIL; nothing may wait for both
            if (!stopped && pwc::stop_callback != nullptr && pwc::stop_callback(pwc::stop_data)) {
                stopped = true;
                api.ov_infer_request_cancel(request.get());
            }
            lock.lock();
        }
    }
    const ov_status_e status = api.ov_infer_request_wait(request.get());
    pwc::require(status, stopped ? "stopping, as it was told to" : "encoding");
}

// What whisper.cpp calls. It is C to whisper.cpp: nothing may be thrown.

whisper_openvino_context * whisper_openvino_init(const char * /*path*/, const char * /*device*/, const char * /*cache*/) {
    try {
        pwc::taken = new whisper_openvino_context(pwc::offered);
        return pwc::taken;
    } catch (const std::exception & error) {
        pwc::log_message(GGML_LOG_LEVEL_ERROR, error.what());
        return nullptr;
    }
}

void whisper_openvino_free(whisper_openvino_context * context) { delete context; }

int whisper_openvino_encode(whisper_openvino_context * context, ggml_tensor * mel, ggml_tensor * out) {
    try {
        pwc::encode(*context, *mel, *out);
        return 1;
    } catch (const std::exception & error) {
        pwc::log_message(GGML_LOG_LEVEL_ERROR, error.what());
        return 0;
    }
}
