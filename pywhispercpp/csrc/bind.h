// What module.cpp declares: one function for each bind_<concept>.cpp.
//
// Free-threaded Python has no GIL; what is called "the GIL held" here is a thread attached to the interpreter there,
// and several are at once. So nothing in this folder may rest on the GIL to keep threads apart: a Context has its mutex
// (context.h), a Run belongs to one thread (callbacks.h), the log and its sink have mutexes (bind_log.cpp), and a
// Params or ContextParams must not be shared without a lock (Model has one).
#pragma once

#include <pybind11/pybind11.h>

namespace pwc {

namespace py = pybind11;

void bind_backend(py::module_ & m);
void bind_bench(py::module_ & m);
void bind_log(py::module_ & m);
void bind_params(py::module_ & m);
void bind_context(py::module_ & m);
void bind_encoder(py::module_ & m);
void bind_quants(py::module_ & m);
void bind_ending(py::module_ & m);
void bind_segments(py::module_ & m);
void bind_full(py::module_ & m);
void bind_language(py::module_ & m);
void bind_vad(py::module_ & m);

}  // namespace pwc
