// Compiled with the profile's flags and free of code: the compiler's macros as a table.
#include "compiled_features.h"

#include "isa_features.h"

#define ROW(name, macro, probe) FEATURE_IS_COMPILED_IN(macro),
const char compiled_features[] = {ISA_FEATURES(ROW)};

#if defined(__clang__)
const char compiled_by[] = "clang " __clang_version__;
#else
const char compiled_by[] = "gcc " __VERSION__;
#endif
