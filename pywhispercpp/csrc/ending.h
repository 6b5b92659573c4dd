// The end of the process: nothing may compute any more when C++ takes its static objects apart.
#pragma once

namespace pwc {

// Alive while whisper.cpp computes, on the thread that called it.
class Computing {
public:
    Computing() noexcept;
    ~Computing();
    Computing(const Computing &) = delete;
    Computing & operator=(const Computing &) = delete;
};

// Whether the interpreter has begun to end: work stops at the next graph node, and new work does at once.
bool ending() noexcept;

}  // namespace pwc
