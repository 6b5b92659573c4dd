// Segments and tokens: copied out of whisper.cpp's state, then bound read-only.

#include "bind.h"
#include "segments.h"

#include <pybind11/stl.h>

namespace pwc {
namespace {

std::vector<Token> tokens_of(const Source & from, int i) {
    std::vector<Token> out;
    const int n = whisper_full_n_tokens_from_state(from.state, i);
    const whisper_token eot = whisper_token_eot(from.ctx);
    out.reserve(static_cast<size_t>(n));
    for (int j = 0; j < n; ++j) {
        const whisper_token_data data = whisper_full_get_token_data_from_state(from.state, i, j);
        out.push_back({data, whisper_token_to_str(from.ctx, data.id), data.id >= eot});
    }
    return out;
}

}  // namespace

int Source::size() const { return whisper_full_n_segments_from_state(state); }

int Source::language() const { return whisper_full_lang_id_from_state(state); }

Segment Source::segment(int i) const {
    Segment out;
    out.t0 = whisper_full_get_segment_t0_from_state(state, i);
    out.t1 = whisper_full_get_segment_t1_from_state(state, i);
    out.text = whisper_full_get_segment_text_from_state(state, i);
    out.no_speech_prob = whisper_full_get_segment_no_speech_prob_from_state(state, i);
    out.temperature = whisper_full_get_segment_temperature_from_state(state, i);
    out.speaker_turn_next = whisper_full_get_segment_speaker_turn_next_from_state(state, i);
    out.tokens = tokens_of(*this, i);
    return out;
}

std::vector<Segment> Source::segments(int first) const {
    std::vector<Segment> out;
    for (int i = first; i < size(); ++i) {
        out.push_back(segment(i));
    }
    return out;
}

void bind_segments(py::module_ & m) {
    py::class_<Token>(m, "Token", "One token of a segment. Times are centiseconds, -1 when not computed.")
        .def_property_readonly("id", [](const Token & self) { return self.data.id; })
        .def_property_readonly("p", [](const Token & self) { return self.data.p; })
        .def_property_readonly("plog", [](const Token & self) { return self.data.plog; })
        .def_property_readonly("t0", [](const Token & self) { return self.data.t0; })
        .def_property_readonly("t1", [](const Token & self) { return self.data.t1; })
        .def_property_readonly("t_dtw", [](const Token & self) { return self.data.t_dtw; })
        .def_readonly("is_special", &Token::is_special)
        .def_property_readonly("text", [](const Token & self) { return py::bytes(self.text); });

    py::class_<Segment>(m, "Segment", "One segment as whisper.cpp gives it; the text is bytes.")
        .def_readonly("t0", &Segment::t0)
        .def_readonly("t1", &Segment::t1)
        .def_property_readonly("text", [](const Segment & self) { return py::bytes(self.text); })
        .def_readonly("no_speech_prob", &Segment::no_speech_prob)
        .def_readonly("temperature", &Segment::temperature)
        .def_readonly("speaker_turn_next", &Segment::speaker_turn_next)
        .def_readonly("tokens", &Segment::tokens);
}

}  // namespace pwc
