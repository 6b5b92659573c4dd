# The zig of scripts/fetch_zig.py as CMake's cross compiler: -DTARGET=<name of toolchains/targets.bzl>.
set(CMAKE_SYSTEM_NAME Linux)
string(REGEX REPLACE "-.*" "" CMAKE_SYSTEM_PROCESSOR "${TARGET}")
# CMake tries the compilers in projects of their own, which read this file too.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES TARGET)

set(zig "${CMAKE_CURRENT_LIST_DIR}/../../build/zig/${TARGET}")
set(CMAKE_C_COMPILER "${zig}/cc")
set(CMAKE_CXX_COMPILER "${zig}/c++")
set(CMAKE_AR "${zig}/ar" CACHE FILEPATH "" FORCE)
set(CMAKE_RANLIB "${zig}/ranlib" CACHE FILEPATH "" FORCE)
