// Finds OpenVINO's C API, once for the process.

#include "openvino_api.h"

#include "log.h"

#include <dlfcn.h>
#include <ggml.h>

#include <mutex>
#include <stdexcept>

namespace pwc {
namespace {

std::mutex loading;
OpenvinoApi * loaded = nullptr;  // never freed: threads may still encode while the process ends

// dlerror() text of what has just failed.
[[noreturn]] void fail(const std::string & what) {
    const char * why = dlerror();
    throw std::runtime_error(what + (why != nullptr ? std::string(": ") + why : ""));
}

void on_message(const char * text) { log_message(GGML_LOG_LEVEL_INFO, std::string("OpenVINO: ") + text); }

// Versions before 2025 lack it; they print nothing by themselves either.
void take_over_messages(void * handle) {
    using Callback = void (*)(const char *);
    if (void * found = dlsym(handle, "ov_util_set_log_callback")) {
        reinterpret_cast<void (*)(Callback)>(found)(on_message);
    }
}

std::string path_of(void * function, const std::string & otherwise) {
    Dl_info info{};
    return dladdr(function, &info) != 0 && info.dli_fname != nullptr ? info.dli_fname : otherwise;
}

void * open(const std::string & path) {
    // RTLD_LOCAL: another OpenVINO of the same process keeps its own symbols.
    void * handle = dlopen(path.empty() ? "libopenvino_c.so" : path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        fail("OpenVINO cannot be loaded");
    }
    return handle;
}

#ifdef PYWHISPERCPP_OPENVINO_LINKED
void * fill(OpenvinoApi & api, const std::string & /*path*/) {
#define PWC_TAKE(name) api.name = &::name;
    PWC_OPENVINO_FUNCTIONS(PWC_TAKE)
#undef PWC_TAKE
    return open(path_of(reinterpret_cast<void *>(api.ov_core_create), ""));
}
#else
void * fill(OpenvinoApi & api, const std::string & path) {
    void * handle = open(path);
#define PWC_TAKE(name)                                                         \
    api.name = reinterpret_cast<decltype(api.name)>(dlsym(handle, #name));     \
    if (api.name == nullptr) {                                                 \
        fail("this OpenVINO is too old (2024.3 or newer is needed): " + path); \
    }
    PWC_OPENVINO_FUNCTIONS(PWC_TAKE)
#undef PWC_TAKE
    return handle;
}
#endif

std::string version_of(const OpenvinoApi & api) {
    ov_version_t version{};
    if (api.ov_get_openvino_version(&version) != 0) {
        return "unknown";
    }
    std::string text = version.buildNumber;
    api.ov_version_free(&version);
    return text;
}

}  // namespace

const OpenvinoApi & load_openvino(const std::string & path) {
    const std::lock_guard<std::mutex> guard(loading);
    if (loaded == nullptr) {
        OpenvinoApi api;
        void * handle = fill(api, path);
        api.library = path_of(reinterpret_cast<void *>(api.ov_core_create), path);
        api.version = version_of(api);
        take_over_messages(handle);
        loaded = new OpenvinoApi(std::move(api));
    }
    return *loaded;
}

const OpenvinoApi & openvino_api() { return load_openvino(""); }

}  // namespace pwc
