// Messages of whisper.cpp and ggml on their way to Python.
#pragma once

#include <string>

namespace pwc {

// Hands every waiting message to the Python sink. Call it with the GIL held.
void drain_log();

// Takes a message in, on any thread; `level` is a ggml_log_level. No GIL needed.
void log_message(int level, const std::string & text) noexcept;

// The errors this thread has logged since the last call, joined by "; ". No GIL needed.
std::string take_errors();

}  // namespace pwc
