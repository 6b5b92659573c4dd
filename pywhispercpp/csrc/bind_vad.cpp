// The Silero VAD: how likely speech is in each window of audio, and where speech begins and ends.

#include "audio.h"
#include "bind.h"
#include "ending.h"
#include "errors.h"
#include "log.h"
#include "params.h"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace pwc {
namespace {

using Floats = py::array_t<float, py::array::c_style>;

// One VAD and what it remembers of the audio before. Threads may share it: they take turns.
class Vad {
public:
    Vad(const std::string & path, int n_threads) {
        whisper_vad_context_params params = whisper_vad_default_context_params();
        params.n_threads = n_threads;
        params.use_gpu = false;
        take_errors();
        std::string failure;
        try {
            vad_.reset(whisper_vad_init_from_file_with_params(path.c_str(), params));
        } catch (const std::exception & error) {
            failure = error.what();
        }
        drain_log();
        if (!vad_) {
            const std::string logged = take_errors();
            raise("ModelError", "whisper.cpp cannot load the VAD " + path + ": " + (logged.empty() ? failure : logged));
        }
        whisper_vad_reset_state(vad_.get());  // whisper.cpp leaves what it remembers as the memory came
    }

    Floats probabilities(const Floats & samples) {
        require_audio(samples);
        std::vector<float> found;
        bool good = false;
        {
            const py::gil_scoped_release no_gil;
            const std::lock_guard<std::mutex> lock(mutex_);
            const Computing computing;
            good = whisper_vad_detect_speech_no_reset(vad_.get(), samples.data(), static_cast<int>(samples.size()));
            const float * probs = whisper_vad_probs(vad_.get());
            found.assign(probs, probs + whisper_vad_n_probs(vad_.get()));
        }
        drain_log();
        if (!good) {
            raise("TranscriptionError", "the VAD failed: " + take_errors());
        }
        return Floats(static_cast<py::ssize_t>(found.size()), found.data());
    }

    void reset() {
        const py::gil_scoped_release no_gil;  // a thread inside probabilities() may take a second
        const std::lock_guard<std::mutex> lock(mutex_);
        whisper_vad_reset_state(vad_.get());
    }

    // Pairs of start and end, in centiseconds.
    std::vector<std::pair<float, float>> segments(const Floats & probs, const Params & params) {
        std::vector<std::pair<float, float>> found;
        {
            const py::gil_scoped_release no_gil;
            const std::lock_guard<std::mutex> lock(mutex_);
            whisper_vad_set_probs(vad_.get(), probs.data(), static_cast<int>(probs.size()));
            const std::unique_ptr<whisper_vad_segments, Free> got(
                whisper_vad_segments_from_probs(vad_.get(), params.raw.vad_params));
            const int n = got ? whisper_vad_segments_n_segments(got.get()) : 0;
            for (int i = 0; i < n; ++i) {
                found.emplace_back(whisper_vad_segments_get_segment_t0(got.get(), i),
                                   whisper_vad_segments_get_segment_t1(got.get(), i));
            }
        }
        drain_log();
        return found;
    }

private:
    struct Free {
        void operator()(whisper_vad_context * vad) const { whisper_vad_free(vad); }
        void operator()(whisper_vad_segments * segments) const { whisper_vad_free_segments(segments); }
    };

    static void require_audio(const Floats & samples) {
        if (samples.ndim() != 1 || samples.size() == 0 || samples.size() > kLongest) {
            raise("AudioError", "the VAD needs 1-D audio, at most 36 hours of it");
        }
    }

    std::unique_ptr<whisper_vad_context, Free> vad_;
    std::mutex mutex_;  // never held while Python runs
};

}  // namespace

void bind_vad(py::module_ & m) {
    py::class_<Vad>(m, "Vad", "A Silero VAD model in memory.")
        .def(py::init<const std::string &, int>(), py::arg("path"), py::arg("n_threads"))
        .def("probabilities", &Vad::probabilities, py::arg("samples").noconvert(),
             "float32 (n,): of speech in each window of 512 samples, the last one filled with silence.")
        .def("reset", &Vad::reset, "Forget the audio before.")
        .def("segments", &Vad::segments, py::arg("probabilities").noconvert(), py::arg("params"),
             "(start, end) of the speech in centiseconds, by the vad_params of params.");
}

}  // namespace pwc
