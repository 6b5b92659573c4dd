// ggml's own conversions between its tensor types and float32.

#include "bind.h"
#include "errors.h"

#include <ggml.h>
#include <pybind11/numpy.h>

#include <cstring>
#include <string>

namespace pwc {
namespace {

using Floats = py::array_t<float, py::array::c_style>;

ggml_type known_type(int code) {
    const bool known = code >= 0 && code < GGML_TYPE_COUNT && ggml_blck_size(static_cast<ggml_type>(code)) > 0;
    if (!known) {
        raise("ModelError", "ggml has no tensor type " + std::to_string(code));
    }
    return static_cast<ggml_type>(code);
}

Floats dequantize(int code, const py::buffer & data, py::ssize_t n) {
    const ggml_type type = known_type(code);
    const auto to_float = ggml_get_type_traits(type)->to_float;
    if (to_float == nullptr && type != GGML_TYPE_F32) {
        raise("ModelError", "ggml cannot turn " + std::string(ggml_type_name(type)) + " into floats");
    }
    const py::buffer_info bytes = data.request();
    const bool whole = n >= 0 && n % ggml_blck_size(type) == 0;
    if (!whole || static_cast<size_t>(bytes.size * bytes.itemsize) != ggml_row_size(type, n)) {
        raise("ModelError", std::to_string(bytes.size * bytes.itemsize) + " bytes are not " + std::to_string(n) +
                                " numbers of type " + ggml_type_name(type));
    }
    Floats result(n);
    float * target = result.mutable_data();
    const py::gil_scoped_release no_gil;
    if (to_float == nullptr) {
        std::memcpy(target, bytes.ptr, sizeof(float) * n);
    } else {
        to_float(bytes.ptr, target, n);
    }
    return result;
}

py::bytes quantize(int code, const Floats & rows) {
    const ggml_type type = known_type(code);
    if (rows.ndim() != 2 || rows.shape(1) % ggml_blck_size(type) != 0 || ggml_quantize_requires_imatrix(type)) {
        raise("ModelError", "only rows of whole blocks of " + std::to_string(ggml_blck_size(type)) +
                                " numbers can become " + ggml_type_name(type));
    }
    std::string result(ggml_row_size(type, rows.shape(1)) * rows.shape(0), '\0');
    {
        const float * source = rows.data();
        const int64_t n_rows = rows.shape(0), n_per_row = rows.shape(1);
        const py::gil_scoped_release no_gil;
        ggml_quantize_chunk(type, source, result.data(), 0, n_rows, n_per_row, nullptr);
    }
    return result;
}

}  // namespace

void bind_quants(py::module_ & m) {
    m.def("dequantize", &dequantize, py::arg("type"), py::arg("data"), py::arg("n"),
          "The n numbers that `data` holds as ggml type `type` (GGML_TYPE_*). Raises ModelError.");
    m.def("quantize", &quantize, py::arg("type"), py::arg("rows"),
          "Rows of float32, shape (n_rows, n_per_row), as bytes of a ggml type. Raises ModelError.");
}

}  // namespace pwc
