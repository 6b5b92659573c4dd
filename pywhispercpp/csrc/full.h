// What one transcription is made of, shared by bind_full.cpp (one stretch of audio) and parallel.cpp (several at once).
#pragma once

#include "audio.h"
#include "callbacks.h"
#include "context.h"
#include "params.h"
#include "segments.h"

#include <string>
#include <vector>

namespace pwc {

struct Result {
    std::vector<Segment> segments;
    int language = -1;
    bool aborted = false;
};

// A stretch of audio, in samples.
struct Span {
    const float * data;
    int size;
};

// One stretch on one state. Runs without the GIL; returns what failed.
std::string transcribe(whisper_context * ctx, whisper_state * state, const whisper_full_params & params, Span audio,
                       int & code) noexcept;

// offset_ms and duration_ms, brought inside the audio: whisper.cpp would go on into silence past its end.
Span window(const whisper_full_params & params, Span audio);

// What whisper_full_with_state returns where it had no memory for the decoders; the state is of no use then.
constexpr int kSpoilt = -7;

// A run that ended early: raise what a callback raised, keep what there is after an abort, else say what failed.
void settle(const Run & run, const std::string & failure);

// The audio in `n` shares, each on a thread and a state of its own; segments in the order of the audio.
Result transcribe_in_parallel(const Context & context, const Use & use, whisper_full_params params, Span audio, int n,
                              Run & run);

}  // namespace pwc
