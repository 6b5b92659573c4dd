// Raising the package's own Python errors from C++.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

namespace pwc {

namespace py = pybind11;

// Throws the Python exception pywhispercpp.errors.<name>. Call it with the GIL held.
[[noreturn]] inline void raise(const char * name, const std::string & message) {
    const py::object type = py::module_::import("pywhispercpp.errors").attr(name);
    // A message may quote a file name, and those need not be UTF-8.
    const auto text = py::reinterpret_steal<py::object>(
        PyUnicode_DecodeUTF8(message.data(), static_cast<py::ssize_t>(message.size()), "backslashreplace"));
    PyErr_SetObject(type.ptr(), text.ptr());
    throw py::error_already_set();
}

}  // namespace pwc
