// What audio whisper.cpp can take.
#pragma once

#include <whisper.h>

#include <cstdint>

namespace pwc {

constexpr int kRate = WHISPER_SAMPLE_RATE;
constexpr int kShortest = kRate / 10;               // samples; whisper.cpp gives nothing for less than 100 ms
constexpr int64_t kLongest = INT64_C(36) * 3600 * kRate;  // above, its int arithmetic on samples overflows

}  // namespace pwc
