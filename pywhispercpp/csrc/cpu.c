// pywhispercpp._cpu: asks the running CPU what it can do, before any code of the profile runs.
//
// Compiled for the architecture's baseline, whatever the profile: it must work exactly where the rest
// would die of SIGILL. The CPU itself is asked (cpuid, getauxval); /proc/cpuinfo shows the host under
// emulation. Plain C and no libraries, so that not even a static initializer can come first.
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "build_info.h"
#include "compiled_features.h"
#include "isa_features.h"

#if defined(__x86_64__)
#include <cpuid.h>

enum { EAX, EBX, ECX, EDX };
// What the operating system must save of a thread for the registers to be usable: bits of XCR0.
enum { NO_STATE = 0, YMM_STATE = 0x6, ZMM_STATE = 0xe6, TMM_STATE = 0x60006 };

static unsigned saved_state(void) {
    unsigned eax, ebx, ecx, edx;
    const unsigned osxsave = 1u << 27;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & osxsave)) return 0;
    __asm__("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
    return eax;
}

// Not the compiler's __builtin_cpu_supports: zig's run-time library lacks what that needs.
static int cpuid(unsigned leaf, unsigned subleaf, int which, int bit, unsigned state) {
    unsigned registers[4];
    if ((saved_state() & state) != state) return 0;
    if (!__get_cpuid_count(leaf, subleaf, &registers[EAX], &registers[EBX], &registers[ECX], &registers[EDX])) return 0;
    // A subleaf that a CPU does not have reads as leaf 7's highest one on some; EAX of subleaf 0 says how many there are.
    if (leaf == 7 && subleaf > 0) {
        unsigned most, unused;
        if (!__get_cpuid_count(7, 0, &most, &unused, &unused, &unused) || subleaf > most) return 0;
    }
    return (registers[which] >> bit) & 1;
}
#else
#include <sys/auxv.h>
static int hwcap(unsigned long type, int bit) { return (getauxval(type) >> bit) & 1; }
#endif

static int append(PyObject *list, const char *name) {
    PyObject *text = PyUnicode_FromString(name);
    const int failed = text == NULL || PyList_Append(list, text) < 0;
    Py_XDECREF(text);
    return failed;
}

static PyObject *supported(PyObject *self, PyObject *unused) {
    (void)self, (void)unused;
    PyObject *names = PyList_New(0);
    if (names == NULL) return NULL;
#define ADD(name, macro, probe) \
    if ((probe) && append(names, name)) goto failed;
    ISA_FEATURES(ADD)
#undef ADD
    return names;
failed:
    Py_DECREF(names);
    return NULL;
}

static PyObject *required(PyObject *self, PyObject *unused) {
    (void)self, (void)unused;
    const char *row = compiled_features;
    PyObject *names = PyList_New(0);
    if (names == NULL) return NULL;
#define ADD(name, macro, probe) \
    if (*row++ && append(names, name)) goto failed;
    ISA_FEATURES(ADD)
#undef ADD
    return names;
failed:
    Py_DECREF(names);
    return NULL;
}

static PyObject *build_info(PyObject *self, PyObject *unused) {
    (void)self, (void)unused;
    return Py_BuildValue("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "profile", BUILD_PROFILE, "compiler", compiled_by,
                         "flags", BUILD_FLAGS, "variants", BUILD_VARIANTS, "whisper_cpp_version", BUILD_WHISPER_CPP_VERSION,
                         "ggml_version", BUILD_GGML_VERSION, "backend", BUILD_BACKEND, "git_state",
                         BUILD_GIT_STATE);
}

static PyMethodDef methods[] = {
    {"supported", supported, METH_NOARGS, "The ISA features of the running CPU, in the order of isa_features.h."},
    {"required", required, METH_NOARGS, "The ISA features that the rest of the package was compiled with."},
    {"build_info", build_info, METH_NOARGS, "Facts of this build, as text."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "_cpu",
    .m_doc = "Asks the running CPU what it can do.",
    .m_size = 0,
    .m_methods = methods,
};

PyMODINIT_FUNC PyInit__cpu(void) { return PyModule_Create(&module); }
