# Debian's cross gcc: -DTARGET=<name of toolchains/targets.bzl> -DTRIPLE=<its gcc>.
set(CMAKE_SYSTEM_NAME Linux)
string(REGEX REPLACE "-.*" "" CMAKE_SYSTEM_PROCESSOR "${TARGET}")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES TARGET TRIPLE)

set(CMAKE_C_COMPILER "${TRIPLE}-gcc")
set(CMAKE_CXX_COMPILER "${TRIPLE}-g++")
