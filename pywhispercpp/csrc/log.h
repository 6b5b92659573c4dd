// Messages of whisper.cpp and ggml on their way to Python.
#pragma once

#include <string>

namespace pwc {

// Hands every waiting message to the Python sink. Call it with the GIL held.
void drain_log();

// The errors this thread has logged since the last call, joined by "; ". No GIL needed.
std::string take_errors();

}  // namespace pwc
