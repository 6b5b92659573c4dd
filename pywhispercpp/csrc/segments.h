// What a transcription gives: copies, so that they outlive the state they came from.
#pragma once

#include <whisper.h>

#include <cstdint>
#include <string>
#include <vector>

namespace pwc {

struct Token {
    whisper_token_data data;
    std::string text;
    bool is_special;  // stands for no text: a timestamp, a language, the end
};

struct Segment {
    int64_t t0 = 0;  // centiseconds
    int64_t t1 = 0;
    std::string text;  // UTF-8, but a character may be cut at the end
    float no_speech_prob = 0;
    float temperature = 0;
    bool speaker_turn_next = false;
    std::vector<Token> tokens;
};

// Where results lie.
struct Source {
    whisper_context * ctx;
    whisper_state * state;

    int size() const;
    int language() const;  // language id of the last run, -1 when there was none
    Segment segment(int index) const;
    std::vector<Segment> segments(int first = 0) const;
};

}  // namespace pwc
