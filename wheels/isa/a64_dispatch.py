"""Code that needs a feature, stands in every A64 library, and asks before it runs. Data only.

Parts of the compiler's own libraries, which are linked into whatever is built. Each is a row of words that
stand together, as (value, mask); ASKED in a third place marks those that the question stands before.
"""

from __future__ import annotations

Word = tuple[int, ...]
_EXACT = 0xFFFFFFFF
_NO_REGISTERS = 0xFFFFFC00
ASKED = 1

SEQUENCES: tuple[tuple[Word, ...], ...] = (
    # Outlined atomics of libgcc and compiler-rt (lse.S): they read a flag that start-up code sets.
    (
        (0x90000010, 0x9F00001F),  # adrp x16, flag
        (0x39400210, 0xFFC003FF),  # ldrb w16, [x16, flag]
        (0x34000010, 0xFF80001F),  # cbz w16, without
        (0, 0, ASKED),  # the atomic
        (0xD65F03C0, _EXACT),  # ret
    ),
    # LLVM's libunwind, __libunwind_Registers_arm64_za_disable: called where AT_HWCAP2 has SME.
    (
        (0xD53BD0B0, _EXACT, ASKED),  # mrs x16, TPIDR2_EL0
        (0xB40001F0, _EXACT),
        (0x79401600, _EXACT),
        (0x35000200, _EXACT),
        (0xB9400E00, _EXACT),
        (0x350001C0, _EXACT),
        (0x79401200, _EXACT),
        (0xB4000120, _EXACT),
        (0xF9400210, _EXACT),
        (0xB40000F0, _EXACT),
        (0xAA1F03EF, _EXACT),
        (0xE1206200, _EXACT, ASKED),  # str za[w15, 0], [x16]
        (0x04305830, _EXACT, ASKED),  # addsvl x16, x16, 1
        (0x910005EF, _EXACT),
        (0xEB0F001F, _EXACT),
        (0x54FFFF81, _EXACT),
        (0xD51BD0BF, _EXACT, ASKED),  # msr TPIDR2_EL0, xzr
        (0xD503447F, _EXACT, ASKED),  # smstop za
    ),
    # LLVM's libunwind, lazyGetVG: runs when a frame saved its vector length, which only SVE code does.
    *(
        ((0x04E0E3E0, _EXACT, ASKED), *then, (0xB9000000, 0xFFC00000))
        for then in (
            (),
            ((0x2A0003E0, 0xFFFFFFE0),),
            ((0xAA0003E0, 0xFFFFFFE0),),
        )  # str w, after a mov or not
    ),
    # LLVM's libunwind, stepWithDwarf: clears tags of a frame that says it has tagged memory.
    (
        (0x54000002, 0xFF00001F),  # b.cs, past the end
        (0xD9200800, _NO_REGISTERS, ASKED),  # stg
        (0x91004000, _NO_REGISTERS),  # add 16
        (0xEB00001F, 0xFFE0FC1F),  # cmp
        (0x54FFFFA3, _EXACT),  # b.cc, to stg
    ),
)
