// The part of OpenVINO's C API that the encoder uses. A build needs nothing of OpenVINO: the library is loaded while
// the program runs, and any version will do whose C API has these functions (2024.3 and newer are tested). With
// PYWHISPERCPP_OPENVINO_LINKED it is linked instead, and the compiler compares what is declared here with its headers.
#pragma once

#ifdef PYWHISPERCPP_OPENVINO_LINKED
#include <openvino/c/openvino.h>
#else
#include <cstddef>
#include <cstdint>

// As in openvino/c/openvino.h, the same since 2022.3. Declared for their types only: none is linked.
extern "C" {
using ov_status_e = int;
struct ov_core_t;
struct ov_model_t;
struct ov_compiled_model_t;
struct ov_infer_request_t;
struct ov_tensor_t;
struct ov_shape_t {
    int64_t rank;
    int64_t * dims;
};
struct ov_callback_t {
    void (*callback_func)(void * args);
    void * args;
};
struct ov_version_t {
    const char * buildNumber;
    const char * description;
};
ov_status_e ov_core_create(ov_core_t ** core);
void ov_core_free(ov_core_t * core);
ov_status_e ov_core_read_model(const ov_core_t * core, const char * xml, const char * bin, ov_model_t ** model);
void ov_model_free(ov_model_t * model);
ov_status_e ov_core_compile_model(const ov_core_t * core, const ov_model_t * model, const char * device, size_t n_args,
                                  ov_compiled_model_t ** compiled, ...);
void ov_compiled_model_free(ov_compiled_model_t * compiled);
ov_status_e ov_compiled_model_get_property(const ov_compiled_model_t * compiled, const char * key, char ** value);
ov_status_e ov_compiled_model_create_infer_request(const ov_compiled_model_t * compiled, ov_infer_request_t ** request);
void ov_infer_request_free(ov_infer_request_t * request);
ov_status_e ov_infer_request_get_input_tensor(const ov_infer_request_t * request, ov_tensor_t ** tensor);
ov_status_e ov_infer_request_get_output_tensor(const ov_infer_request_t * request, ov_tensor_t ** tensor);
ov_status_e ov_infer_request_set_callback(ov_infer_request_t * request, const ov_callback_t * callback);
ov_status_e ov_infer_request_start_async(ov_infer_request_t * request);
ov_status_e ov_infer_request_cancel(ov_infer_request_t * request);
ov_status_e ov_infer_request_wait(ov_infer_request_t * request);
ov_status_e ov_tensor_set_shape(ov_tensor_t * tensor, const ov_shape_t shape);
ov_status_e ov_tensor_get_byte_size(const ov_tensor_t * tensor, size_t * size);
ov_status_e ov_tensor_data(const ov_tensor_t * tensor, void ** data);
void ov_tensor_free(ov_tensor_t * tensor);
void ov_free(const char * content);
const char * ov_get_error_info(ov_status_e status);
const char * ov_get_last_err_msg();
ov_status_e ov_get_openvino_version(ov_version_t * version);
void ov_version_free(ov_version_t * version);
}
#endif

#include <string>

#define PWC_OPENVINO_FUNCTIONS(X)             \
    X(ov_core_create)                         \
    X(ov_core_free)                           \
    X(ov_core_read_model)                     \
    X(ov_model_free)                          \
    X(ov_core_compile_model)                  \
    X(ov_compiled_model_free)                 \
    X(ov_compiled_model_get_property)         \
    X(ov_compiled_model_create_infer_request) \
    X(ov_infer_request_free)                  \
    X(ov_infer_request_get_input_tensor)      \
    X(ov_infer_request_get_output_tensor)     \
    X(ov_infer_request_set_callback)          \
    X(ov_infer_request_start_async)           \
    X(ov_infer_request_cancel)                \
    X(ov_infer_request_wait)                  \
    X(ov_tensor_set_shape)                    \
    X(ov_tensor_get_byte_size)                \
    X(ov_tensor_data)                         \
    X(ov_tensor_free)                         \
    X(ov_free)                                \
    X(ov_get_error_info)                      \
    X(ov_get_last_err_msg)                    \
    X(ov_get_openvino_version)                \
    X(ov_version_free)

namespace pwc {

#ifdef PYWHISPERCPP_OPENVINO_LINKED
constexpr bool kOpenvinoIsLinked = true;
#else
constexpr bool kOpenvinoIsLinked = false;
#endif

struct OpenvinoApi {
#define PWC_POINTER(name) decltype(&::name) name = nullptr;
    PWC_OPENVINO_FUNCTIONS(PWC_POINTER)
#undef PWC_POINTER
    std::string library;  // the path of the file that was loaded
    std::string version;  // as OpenVINO words it: 2026.4.1-22982-…
};

// Loads the library, for good and for the whole process; an empty path takes what the loader finds by itself. Later
// calls return what is loaded. Throws std::runtime_error that says why it cannot be.
const OpenvinoApi & load_openvino(const std::string & path);

// What load_openvino() has loaded.
const OpenvinoApi & openvino_api();

}  // namespace pwc
