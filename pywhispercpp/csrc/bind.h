// What module.cpp declares: one function for each bind_<concept>.cpp.
#pragma once

#include <pybind11/pybind11.h>

namespace pwc {

namespace py = pybind11;

void bind_backend(py::module_ & m);
void bind_log(py::module_ & m);
void bind_params(py::module_ & m);
void bind_context(py::module_ & m);
void bind_segments(py::module_ & m);
void bind_full(py::module_ & m);
void bind_language(py::module_ & m);

}  // namespace pwc
