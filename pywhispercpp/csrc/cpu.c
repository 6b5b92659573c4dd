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
// Needs a literal. Covers the operating system's part too: AVX and AMX state must be enabled (XGETBV).
#define CPU_HAS(probe) (__builtin_cpu_supports(probe) != 0)
#define CPU_INIT() __builtin_cpu_init()
#else
#include <sys/auxv.h>
static int hwcap(unsigned long type, int bit) { return (getauxval(type) >> bit) & 1; }
#define CPU_HAS(probe) (probe)
#define CPU_INIT() ((void)0)
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
    CPU_INIT();
#define ADD(name, macro, probe) \
    if (CPU_HAS(probe) && append(names, name)) goto failed;
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
    return Py_BuildValue("{s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "profile", BUILD_PROFILE, "compiler", compiled_by,
                         "flags", BUILD_FLAGS, "whisper_cpp_version", BUILD_WHISPER_CPP_VERSION,
                         "ggml_version", BUILD_GGML_VERSION, "backend", BUILD_BACKEND, "git_state",
                         BUILD_GIT_STATE);
}

static PyMethodDef methods[] = {
    {"supported", supported, METH_NOARGS, "The ISA features of the running CPU, in the order of isa_features.h."},
    {"required", required, METH_NOARGS, "The ISA features that the rest of the package was compiled with."},
    {"build_info", build_info, METH_NOARGS, "Facts of this build, as text."},
    {NULL, NULL, 0, NULL},
};

// Nothing here is written after the load, so the module needs no GIL.
static PyModuleDef_Slot slots[] = {
#if PY_VERSION_HEX >= 0x030D0000
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef module = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "_cpu",
    .m_doc = "Asks the running CPU what it can do.",
    .m_size = 0,
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__cpu(void) { return PyModuleDef_Init(&module); }
