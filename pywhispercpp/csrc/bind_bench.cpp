// What a model's steps cost, as upstream's whisper-bench measures them, and what a matrix product costs.

#include "bind.h"
#include "context.h"
#include "ending.h"
#include "errors.h"
#include "log.h"

#include <ggml-backend.h>
#include <ggml.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace pwc {
namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) { return std::chrono::duration<double, std::milli>(Clock::now() - start).count(); }

// One step of whisper-bench. `tokens` at a time, `runs` times; generation goes on at each run, the others start anew.
struct Step {
    const char * name;
    int tokens;  // 0: the encoder
    int runs;
    bool goes_on;
};

// Upstream's numbers, in upstream's order; the names are those of whisper_get_timings.
constexpr std::array<Step, 4> kSteps = {{
    {"encode_ms", 0, 1, false},
    {"decode_ms", 1, 256, true},
    {"batchd_ms", 5, 64, false},
    {"prompt_ms", 256, 16, false},
}};

// Ctrl-C ends a measurement between two calls of whisper.cpp, and so does the end of the process.
void stop_where_asked() {
    const py::gil_scoped_acquire gil;
    if (PyErr_CheckSignals() != 0) {
        throw py::error_already_set();
    }
    if (ending()) {
        raise("TranscriptionError", "the process is ending");
    }
}

// Milliseconds of one run; of one token, where several are decoded at a time. Called without the GIL.
double measure(const Use & use, const Step & step, int runs, int n_threads) {
    const std::vector<whisper_token> tokens(static_cast<std::size_t>(std::max(step.tokens, 1)), 0);
    double total = 0;
    for (int run = 0; run < runs; ++run) {
        stop_where_asked();
        const Clock::time_point start = Clock::now();
        const int code = step.tokens == 0
                             ? whisper_encode_with_state(use.ctx(), use.state(), 0, n_threads)
                             : whisper_decode_with_state(use.ctx(), use.state(), tokens.data(), step.tokens,
                                                         step.goes_on ? run : 0, n_threads);
        total += ms_since(start);
        if (code != 0) {
            const py::gil_scoped_acquire gil;
            raise("TranscriptionError", "whisper.cpp failed while measuring: " + take_errors());
        }
    }
    return total / runs / std::max(step.tokens, 1);
}

// Every step a few times unmeasured first: caches, clocks and the memory of the graphs settle.
void warm_up(const Use & use, int n_threads) {
    for (const Step & step : kSteps) {
        measure(use, step, std::min(step.runs, 16), n_threads);
    }
}

py::dict bench(Context & context, int n_threads, bool heat) {
    const Use use(context);
    std::array<double, kSteps.size()> found{};
    take_errors();
    {
        const py::gil_scoped_release no_gil;
        const Computing computing;
        whisper_set_mel_with_state(use.ctx(), use.state(), nullptr, 0, context.facts().n_mels);  // 30 s of silence
        whisper_set_audio_ctx_with_state(use.state(), 0);
        if (heat) {
            warm_up(use, n_threads);
        }
        for (std::size_t i = 0; i < kSteps.size(); ++i) {
            found[i] = measure(use, kSteps[i], kSteps[i].runs, n_threads);
        }
    }
    drain_log();
    py::dict result;
    for (std::size_t i = 0; i < kSteps.size(); ++i) {
        result[kSteps[i].name] = found[i];
    }
    return result;
}

struct FreeBackend {
    void operator()(ggml_backend_t backend) const { ggml_backend_free(backend); }
};

using Backend = std::unique_ptr<ggml_backend, FreeBackend>;

Backend cpu_backend(int n_threads) {
    Backend backend(ggml_backend_init_by_type(GGML_BACKEND_DEVICE_TYPE_CPU, nullptr));
    if (!backend) {
        raise("BackendError", "ggml has no CPU code to measure with");
    }
    ggml_backend_reg_t reg = ggml_backend_dev_backend_reg(ggml_backend_get_device(backend.get()));
    auto * set_n_threads = reinterpret_cast<ggml_backend_set_n_threads_t>(
        ggml_backend_reg_get_proc_address(reg, "ggml_backend_set_n_threads"));
    if (set_n_threads != nullptr) {
        set_n_threads(backend.get(), n_threads);
    }
    return backend;
}

// Two square matrices, the first of `type`, and their product.
struct Product {
    Product(ggml_type type, int n)
        : memory(3 * static_cast<std::size_t>(n) * n * sizeof(float) + 4 * ggml_tensor_overhead() + ggml_graph_overhead()),
          ctx(ggml_init({memory.size(), memory.data(), false}), &ggml_free) {
        ggml_tensor * a = ggml_new_tensor_2d(ctx.get(), type, n, n);
        ggml_tensor * b = ggml_new_tensor_2d(ctx.get(), GGML_TYPE_F32, n, n);
        std::memset(a->data, 0, ggml_nbytes(a));
        std::memset(b->data, 0, ggml_nbytes(b));
        graph = ggml_new_graph(ctx.get());
        ggml_build_forward_expand(graph, ggml_mul_mat(ctx.get(), a, b));
    }

    std::vector<std::uint8_t> memory;
    std::unique_ptr<ggml_context, decltype(&ggml_free)> ctx;
    ggml_cgraph * graph = nullptr;
};

// Seconds of each product, after one that is not counted. At least 3, at most `most`, as many as `seconds` allow.
std::vector<double> bench_mul_mat(const std::string & type_name, int n, int n_threads, double seconds, int most) {
    int type = 0;
    while (type < GGML_TYPE_COUNT && (ggml_type_name(static_cast<ggml_type>(type)) == nullptr ||
                                      type_name != ggml_type_name(static_cast<ggml_type>(type)))) {
        ++type;
    }
    if (type == GGML_TYPE_COUNT || n < 1 || n % ggml_blck_size(static_cast<ggml_type>(type)) != 0) {
        raise("OptionError", "no matrix of " + std::to_string(n) + " x " + std::to_string(n) + " " + type_name);
    }
    const Backend backend = cpu_backend(n_threads);
    std::vector<double> found;
    const py::gil_scoped_release no_gil;
    const Computing computing;
    Product product(static_cast<ggml_type>(type), n);
    ggml_backend_graph_compute(backend.get(), product.graph);
    double total = 0;
    while (static_cast<int>(found.size()) < std::max(most, 3) && (total < seconds || found.size() < 3)) {
        stop_where_asked();
        const Clock::time_point start = Clock::now();
        ggml_backend_graph_compute(backend.get(), product.graph);
        found.push_back(1e-3 * ms_since(start));
        total += found.back();
    }
    return found;
}

}  // namespace

void bind_bench(py::module_ & m) {
    m.def("bench", &bench, py::arg("context"), py::arg("n_threads"), py::arg("heat") = true,
          "Milliseconds of an encoder run, and of a token: generated, in batches of 5, in prompts of 256.");
    m.def("bench_mul_mat", &bench_mul_mat, py::arg("type"), py::arg("n"), py::arg("n_threads"), py::arg("seconds"),
          py::arg("most"), "Seconds of each product of two n x n matrices, the first of a type by ggml's name.");
}

}  // namespace pwc
