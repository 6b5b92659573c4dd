// The CPU part of ggml: linked in, or in a portable wheel a library of its own for each CPU variant.

#include "bind.h"
#include "log.h"

#include <ggml-backend.h>

#include <stdexcept>

namespace pwc {

// One library, by its full path. ggml's own search is not used: it would load every variant to ask for its score, and it
// looks into the folder of the executable and the working directory, where anybody may have put a file of that name.
static void load_backend(const std::string & path) {
    const py::gil_scoped_release release;
    take_errors();
    if (ggml_backend_load(path.c_str()) == nullptr) {
        throw std::runtime_error("ggml cannot use " + path + ": " + take_errors());
    }
}

void bind_backend(py::module_ & m) {
    m.def("load_backend", &load_backend, py::arg("path"), "Load one library with a ggml backend; for good.");
}

}  // namespace pwc
