// What the rest of the wheel was compiled for: data only, safe to read on any CPU.
#pragma once

// One byte a row of ISA_FEATURES, 1 where the profile compiled the feature in.
extern const char compiled_features[];
// The name and version of the compiler.
extern const char compiled_by[];
