// Params: every plain field of whisper_full_params under whisper.cpp's own name, and the strings it points to.

#include "bind.h"
#include "params.h"

#include <pybind11/stl.h>

namespace pwc {

Params::Params(int strategy) : raw(whisper_full_default_params(static_cast<whisper_sampling_strategy>(strategy))) {
    language = raw.language;  // "en"
    suppress_regex = "";      // pywhispercpp 1.5 shows it so; the other strings are unset
}

whisper_full_params Params::view() const {
    const auto c_str = [](const std::optional<std::string> & text) { return text ? text->c_str() : nullptr; };
    whisper_full_params out = raw;
    out.language = c_str(language);
    out.initial_prompt = c_str(initial_prompt);
    out.suppress_regex = nullptr;  // bind_full suppresses the matching tokens by itself, once and not at every token
    out.vad_model_path = c_str(vad_model_path);
    out.prompt_tokens = prompt_tokens ? prompt_tokens->data() : nullptr;
    out.prompt_n_tokens = prompt_tokens ? static_cast<int>(prompt_tokens->size()) : 0;
    if (grammar) {
        // whisper.cpp does not write there
        out.grammar_rules = const_cast<const whisper_grammar_element **>(grammar->pointers.data());
        out.n_grammar_rules = grammar->pointers.size();
        out.i_start_rule = grammar->start;
    }
    return out;
}

namespace {

using Elements = std::vector<std::vector<std::pair<int, uint32_t>>>;

void set_grammar(Params & self, const std::optional<Elements> & rules, size_t start) {
    self.grammar.reset();
    if (!rules) {
        return;
    }
    auto grammar = std::make_shared<Grammar>();
    for (const auto & rule : *rules) {
        auto & elements = grammar->rules.emplace_back();
        for (const auto & [type, value] : rule) {
            elements.push_back({static_cast<whisper_gretype>(type), value});
        }
    }
    for (const auto & rule : grammar->rules) {
        grammar->pointers.push_back(rule.data());
    }
    grammar->start = start;
    self.grammar = std::move(grammar);
}

using Class = py::class_<Params>;

template <typename T>
void field(Class & cls, const char * name, T whisper_full_params::*member) {
    cls.def_property(
        name, [member](const Params & self) { return self.raw.*member; },
        [member](Params & self, T value) { self.raw.*member = value; });
}

void bind_numbers(Class & cls) {
    using P = whisper_full_params;
    field(cls, "n_threads", &P::n_threads);
    field(cls, "n_max_text_ctx", &P::n_max_text_ctx);
    field(cls, "offset_ms", &P::offset_ms);
    field(cls, "duration_ms", &P::duration_ms);
    field(cls, "thold_pt", &P::thold_pt);
    field(cls, "thold_ptsum", &P::thold_ptsum);
    field(cls, "max_len", &P::max_len);
    field(cls, "max_tokens", &P::max_tokens);
    field(cls, "audio_ctx", &P::audio_ctx);
    field(cls, "audio_ctx_margin", &P::audio_ctx_margin);
    field(cls, "audio_ctx_least", &P::audio_ctx_least);
    field(cls, "temperature", &P::temperature);
    field(cls, "max_initial_ts", &P::max_initial_ts);
    field(cls, "length_penalty", &P::length_penalty);
    field(cls, "temperature_inc", &P::temperature_inc);
    field(cls, "entropy_thold", &P::entropy_thold);
    field(cls, "logprob_thold", &P::logprob_thold);
    field(cls, "no_speech_thold", &P::no_speech_thold);
    field(cls, "grammar_penalty", &P::grammar_penalty);
}

void bind_flags(Class & cls) {
    using P = whisper_full_params;
    field(cls, "translate", &P::translate);
    field(cls, "no_context", &P::no_context);
    field(cls, "no_timestamps", &P::no_timestamps);
    field(cls, "single_segment", &P::single_segment);
    field(cls, "print_special", &P::print_special);
    field(cls, "print_progress", &P::print_progress);
    field(cls, "print_realtime", &P::print_realtime);
    field(cls, "print_timestamps", &P::print_timestamps);
    field(cls, "token_timestamps", &P::token_timestamps);
    field(cls, "split_on_word", &P::split_on_word);
    field(cls, "debug_mode", &P::debug_mode);
    field(cls, "tdrz_enable", &P::tdrz_enable);
    field(cls, "carry_initial_prompt", &P::carry_initial_prompt);
    field(cls, "detect_language", &P::detect_language);
    field(cls, "suppress_blank", &P::suppress_blank);
    field(cls, "suppress_nst", &P::suppress_nst);
    field(cls, "vad", &P::vad);
}

void bind_texts(Class & cls) {
    cls.def_readwrite("language", &Params::language);
    cls.def_readwrite("initial_prompt", &Params::initial_prompt);
    cls.def_readwrite("suppress_regex", &Params::suppress_regex);
    cls.def_property(
        "vad_model_path",  // a file name need not be UTF-8: bytes go in, the file system's decoding comes out
        [](const Params & self) -> py::object {
            if (!self.vad_model_path) {
                return py::none();
            }
            const std::string & path = *self.vad_model_path;
            return py::reinterpret_steal<py::object>(PyUnicode_DecodeFSDefaultAndSize(path.data(), path.size()));
        },
        [](Params & self, std::optional<std::string> path) { self.vad_model_path = std::move(path); });
    cls.def_readwrite("grammar", &Params::grammar_text);
    cls.def_readwrite("grammar_rule", &Params::grammar_rule);
    cls.def_readwrite("prompt_tokens", &Params::prompt_tokens);
    cls.def_property_readonly("prompt_n_tokens", [](const Params & self) { return self.view().prompt_n_tokens; });
}

// A key that is not there keeps its value, as in pywhispercpp 1.5.
template <typename T>
void take(const py::dict & from, const char * key, T & into) {
    if (from.contains(key)) {
        into = from[key].cast<T>();
    }
}

void bind_groups(Class & cls) {
    cls.def_property(
        "greedy", [](const Params & self) { return py::dict(py::arg("best_of") = self.raw.greedy.best_of); },
        [](Params & self, const py::dict & values) { take(values, "best_of", self.raw.greedy.best_of); });
    cls.def_property(
        "beam_search",
        [](const Params & self) {
            const auto & beam = self.raw.beam_search;
            return py::dict(py::arg("beam_size") = beam.beam_size, py::arg("patience") = beam.patience);
        },
        [](Params & self, const py::dict & values) {
            take(values, "beam_size", self.raw.beam_search.beam_size);
            take(values, "patience", self.raw.beam_search.patience);
        });
    cls.def_property(
        "vad_params",
        [](const Params & self) {
            const whisper_vad_params & vad = self.raw.vad_params;
            return py::dict(py::arg("threshold") = vad.threshold,
                            py::arg("min_speech_duration_ms") = vad.min_speech_duration_ms,
                            py::arg("min_silence_duration_ms") = vad.min_silence_duration_ms,
                            py::arg("max_speech_duration_s") = vad.max_speech_duration_s,
                            py::arg("speech_pad_ms") = vad.speech_pad_ms,
                            py::arg("samples_overlap") = vad.samples_overlap);
        },
        [](Params & self, const py::dict & values) {
            whisper_vad_params & vad = self.raw.vad_params;
            take(values, "threshold", vad.threshold);
            take(values, "min_speech_duration_ms", vad.min_speech_duration_ms);
            take(values, "min_silence_duration_ms", vad.min_silence_duration_ms);
            take(values, "max_speech_duration_s", vad.max_speech_duration_s);
            take(values, "speech_pad_ms", vad.speech_pad_ms);
            take(values, "samples_overlap", vad.samples_overlap);
        });
}

}  // namespace

void bind_params(py::module_ & m) {
    Class cls(m, "Params", "whisper_full_params and the memory its strings live in. Values are checked in options.py.");
    cls.def(py::init<int>(), py::arg("strategy"), "whisper.cpp's defaults for a strategy: 0 greedy, 1 beam search.");
    cls.def("copy", [](const Params & self) { return Params(self); });
    cls.def_property(
        "strategy", [](const Params & self) { return static_cast<int>(self.raw.strategy); },
        [](Params & self, int value) { self.raw.strategy = static_cast<whisper_sampling_strategy>(value); });
    cls.def("set_grammar", &set_grammar, py::arg("rules"), py::arg("start"),
            "Rules of (whisper_gretype, value), each ended by (0, 0); None for no grammar.");
    bind_numbers(cls);
    bind_flags(cls);
    bind_texts(cls);
    bind_groups(cls);
}

}  // namespace pwc
