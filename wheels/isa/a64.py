"""A64, the instruction set of 64-bit Arm: which words every CPU runs, and which need a feature. Data only.

Each row is a pattern of 32 bits, from bit 31 down: 0, 1, x for either, {a|b} for alternatives; blanks only
help the eye. The first row that fits decides. A word that fits no row is one this table does not know, and
nothing knows who runs it. The rows of BASELINE are those of Armv8.0-A with floating point and Advanced SIMD,
after the encoding tables of the Arm Architecture Reference Manual (C4); binutils' assembler agrees with them
word by word (tests/wheels/test_a64.py). Feature names are those of csrc/isa_features.h where it has them.
"""

from __future__ import annotations

#: What every 64-bit Arm runs.
BASELINE: tuple[str, ...] = (
    # Never an instruction anywhere: UDF, which also pads sections.
    "0000000000000000 xxxxxxxxxxxxxxxx",
    # -- Data processing with an immediate
    "x xx 10000 xxxxxxxxxxxxxxxxxxx xxxxx",  # ADR ADRP
    "x x x 100010 x xxxxxxxxxxxx xxxxx xxxxx",  # ADD SUB
    "x xx 100100 0 xxxxxx xxxxxx xxxxx xxxxx",  # AND ORR EOR ANDS
    "1 xx 100100 1 xxxxxx xxxxxx xxxxx xxxxx",
    "0 {00|10|11} 100101 0x xxxxxxxxxxxxxxxx xxxxx",  # MOVN MOVZ MOVK
    "1 {00|10|11} 100101 xx xxxxxxxxxxxxxxxx xxxxx",
    "0 {00|01|10} 100110 0 0xxxxx 0xxxxx xxxxx xxxxx",  # SBFM BFM UBFM
    "1 {00|01|10} 100110 1 xxxxxx xxxxxx xxxxx xxxxx",
    "0 00 100111 0 0 xxxxx 0xxxxx xxxxx xxxxx",  # EXTR
    "1 00 100111 1 0 xxxxx xxxxxx xxxxx xxxxx",
    # -- Branches, exceptions, system
    "0101010 0 xxxxxxxxxxxxxxxxxxx 0 xxxx",  # B.cond
    "x 00101 xxxxxxxxxxxxxxxxxxxxxxxxxx",  # B BL
    "x 011010 x xxxxxxxxxxxxxxxxxxx xxxxx",  # CBZ CBNZ
    "x 011011 x xxxxx xxxxxxxxxxxxxx xxxxx",  # TBZ TBNZ
    "1101011 {0000|0001|0010} 11111 000000 xxxxx 00000",  # BR BLR RET
    "1101011 {0100|0101} 11111 000000 11111 00000",  # ERET DRPS
    "11010100 000 xxxxxxxxxxxxxxxx 000 {01|10|11}",  # SVC HVC SMC
    "11010100 {001|010} xxxxxxxxxxxxxxxx 000 00",  # BRK HLT
    "11010100 101 xxxxxxxxxxxxxxxx 000 {01|10|11}",  # DCPS
    # All of the hint space is a NOP to a CPU that does not know the hint: PACIASP, BTI, CSDB and the like.
    "1101010100 0 00 011 0010 xxxx xxx 11111",
    "1101010100 0 00 011 0011 xxxx {010|100|101|110} 11111",  # CLREX DSB DMB ISB
    "1101010100 0 00 000 0100 xxxx 101 11111",  # MSR SPSel
    "1101010100 0 00 011 0100 xxxx {110|111} 11111",  # MSR DAIFSet DAIFClr
    "1101010100 0 01 011 0111 {0100|1010|1011|1110} 001 xxxxx",  # DC ZVA CVAC CVAU CIVAC
    "1101010100 0 01 011 0111 0101 001 xxxxx",  # IC IVAU
    "1101010100 x 11 011 0100 0010 000 xxxxx",  # NZCV
    "1101010100 x 11 011 0100 0100 {000|001} xxxxx",  # FPCR FPSR
    "1101010100 x 11 011 1101 0000 010 xxxxx",  # TPIDR_EL0
    "1101010100 1 11 011 1101 0000 011 xxxxx",  # TPIDRRO_EL0
    "1101010100 1 11 011 0000 0000 {001|111} xxxxx",  # CTR_EL0 DCZID_EL0
    "1101010100 1 11 011 1110 0000 {000|001|010} xxxxx",  # CNTFRQ CNTPCT CNTVCT
    # -- Loads and stores
    "0x 0011000 x 000000 {0000|0010|0100|0110|0111|1000|1010} xx xxxxx xxxxx",  # LD1-4 ST1-4, several
    "0x 0011001 x 0xxxxx {0000|0010|0100|0110|0111|1000|1010} xx xxxxx xxxxx",
    "0x 0011010 xx 00000 00x x xx xxxxx xxxxx",  # LD1-4 ST1-4, one lane of 8,
    "0x 0011010 xx 00000 01x x x0 xxxxx xxxxx",  # 16,
    "0x 0011010 xx 00000 10x x 00 xxxxx xxxxx",  # 32,
    "0x 0011010 xx 00000 10x 0 01 xxxxx xxxxx",  # 64 bits
    "0x 0011010 1x 00000 11x 0 xx xxxxx xxxxx",  # LD1R-LD4R
    "0x 0011011 xx xxxxx 00x x xx xxxxx xxxxx",
    "0x 0011011 xx xxxxx 01x x x0 xxxxx xxxxx",
    "0x 0011011 xx xxxxx 10x x 00 xxxxx xxxxx",
    "0x 0011011 xx xxxxx 10x 0 01 xxxxx xxxxx",
    "0x 0011011 1x xxxxx 11x 0 xx xxxxx xxxxx",
    "xx 001000 0x0 xxxxx x 11111 xxxxx xxxxx",  # LDXR STXR LDAXR STLXR
    "1x 001000 0x1 xxxxx x xxxxx xxxxx xxxxx",  # LDXP STXP LDAXP STLXP
    "xx 001000 1x0 11111 1 11111 xxxxx xxxxx",  # LDAR STLR
    "xx 011 0 00 xxxxxxxxxxxxxxxxxxx xxxxx",  # LDR literal, PRFM
    "{00|01|10} 011 1 00 xxxxxxxxxxxxxxxxxxx xxxxx",
    "{00|10} 101 0 0xx x xxxxxxx xxxxx xxxxx xxxxx",  # LDP STP LDNP STNP
    "01 101 0 {001|010|011} 1 xxxxxxx xxxxx xxxxx xxxxx",  # LDPSW
    "{00|01|10} 101 1 0xx x xxxxxxx xxxxx xxxxx xxxxx",
    "0x 111 0 00 xx 0 xxxxxxxxx xx xxxxx xxxxx",  # LDR STR of 8 and 16 bits, all ways of address
    "10 111 0 00 {00|01|10} 0 xxxxxxxxx xx xxxxx xxxxx",  # 32 bits
    "11 111 0 00 0x 0 xxxxxxxxx xx xxxxx xxxxx",  # 64 bits
    "11 111 0 00 10 0 xxxxxxxxx 00 xxxxx xxxxx",  # PRFUM
    "00 111 1 00 xx 0 xxxxxxxxx {00|01|11} xxxxx xxxxx",
    "{01|10|11} 111 1 00 0x 0 xxxxxxxxx {00|01|11} xxxxx xxxxx",
    "0x 111 0 00 xx 1 xxxxx x1x x 10 xxxxx xxxxx",
    "10 111 0 00 {00|01|10} 1 xxxxx x1x x 10 xxxxx xxxxx",
    "11 111 0 00 {00|01|10} 1 xxxxx x1x x 10 xxxxx xxxxx",
    "00 111 1 00 xx 1 xxxxx x1x x 10 xxxxx xxxxx",
    "{01|10|11} 111 1 00 0x 1 xxxxx x1x x 10 xxxxx xxxxx",
    "0x 111 0 01 xx xxxxxxxxxxxx xxxxx xxxxx",
    "1x 111 0 01 {00|01|10} xxxxxxxxxxxx xxxxx xxxxx",
    "00 111 1 01 xx xxxxxxxxxxxx xxxxx xxxxx",
    "{01|10|11} 111 1 01 0x xxxxxxxxxxxx xxxxx xxxxx",
    # -- Data processing with registers
    "0 xx 01010 xx x xxxxx 0xxxxx xxxxx xxxxx",  # AND ORR EOR BIC ORN EON
    "1 xx 01010 xx x xxxxx xxxxxx xxxxx xxxxx",
    "0 xx 01011 {00|01|10} 0 xxxxx 0xxxxx xxxxx xxxxx",  # ADD SUB shifted
    "1 xx 01011 {00|01|10} 0 xxxxx xxxxxx xxxxx xxxxx",
    "x xx 01011 00 1 xxxxx xxx {000|001|010|011|100} xxxxx xxxxx",  # ADD SUB extended
    "x xx 11010000 xxxxx 000000 xxxxx xxxxx",  # ADC SBC
    "x x1 11010010 xxxxx xxxx x 0 xxxxx 0 xxxx",  # CCMP CCMN
    "x x0 11010100 xxxxx xxxx 0x xxxxx xxxxx",  # CSEL CSINC CSINV CSNEG
    "x 00 11011 000 xxxxx x xxxxx xxxxx xxxxx",  # MADD MSUB
    "1 00 11011 x01 xxxxx x xxxxx xxxxx xxxxx",  # SMADDL SMSUBL UMADDL UMSUBL
    "1 00 11011 x10 xxxxx 0 11111 xxxxx xxxxx",  # SMULH UMULH
    "x 00 11010110 xxxxx {00001x|0010xx} xxxxx xxxxx",  # UDIV SDIV LSLV LSRV ASRV RORV
    "x 10 11010110 00000 {000000|000001|000010|00010x} xxxxx xxxxx",  # RBIT REV16 REV CLZ CLS
    "1 10 11010110 00000 000011 xxxxx xxxxx",  # REV
    # -- Scalar floating point: single (00) and double (01)
    "0 00 11110 0x 0 {00 010|00 011|11 000|11 001} 1xxxxx xxxxx xxxxx",  # fixed point
    "1 00 11110 0x 0 {00 010|00 011|11 000|11 001} xxxxxx xxxxx xxxxx",
    "x 00 11110 0x 1 xx 00x 000000 xxxxx xxxxx",  # FCVTxS FCVTxU
    "x 00 11110 0x 1 00 {010|011|100|101} 000000 xxxxx xxxxx",  # SCVTF UCVTF FCVTAS FCVTAU
    "0 00 11110 00 1 00 11x 000000 xxxxx xxxxx",  # FMOV
    "1 00 11110 01 1 00 11x 000000 xxxxx xxxxx",
    "1 00 11110 10 1 01 11x 000000 xxxxx xxxxx",
    "000 11110 0x 1 {0000xx|00100x|00101x|001100|001110|001111} 10000 xxxxx xxxxx",  # FMOV FABS FRINTx
    "000 11110 00 1 {000101|000111} 10000 xxxxx xxxxx",  # FCVT
    "000 11110 01 1 {000100|000111} 10000 xxxxx xxxxx",
    "000 11110 11 1 {000100|000101} 10000 xxxxx xxxxx",
    "000 11110 0x 1 xxxxx 001000 xxxxx x0 000",  # FCMP FCMPE
    "000 11110 0x 1 xxxxx 001000 xxxxx x1 000",
    "000 11110 0x 1 xxxxxxxx 100 00000 xxxxx",  # FMOV immediate
    "000 11110 0x 1 xxxxx xxxx {01|11} xxxxx xxxxx",  # FCCMP FCSEL
    "000 11110 0x 1 xxxxx {0xxx|1000} 10 xxxxx xxxxx",  # FMUL FDIV FADD FSUB FMAX FMIN FNMUL
    "000 11111 0x x xxxxx x xxxxx xxxxx xxxxx",  # FMADD FMSUB FNMADD FNMSUB
    # -- Advanced SIMD
    "0x x 01110 xx 1 xxxxx {0xxxx|100xx|1010x|10110} 1 xxxxx xxxxx",  # three registers, whole numbers
    "0x 0 01110 xx 1 xxxxx 10111 1 xxxxx xxxxx",  # ADDP
    "0x 0 01110 xx 1 xxxxx {11000|11001|11010|11110|11111} 1 xxxxx xxxxx",  # FMLA FADD FMAX FRECPS
    "0x 0 01110 0x 1 xxxxx {11011|11100} 1 xxxxx xxxxx",  # FMULX FCMEQ
    "0x 1 01110 xx 1 xxxxx {11000|11010|11100|11101|11110} 1 xxxxx xxxxx",  # FADDP FABD FCMGE FACGE FMAXP
    "0x 1 01110 0x 1 xxxxx {11011|11111} 1 xxxxx xxxxx",  # FMUL FDIV
    "0x x 01110 {00|01|10} 1 xxxxx {0xxx|1000|1010|1100} 00 xxxxx xxxxx",  # widening: SADDL SMLAL SMULL
    "0x 0 01110 {01|10} 1 xxxxx {1001|1011|1101} 00 xxxxx xxxxx",  # SQDMLAL SQDMLSL SQDMULL
    "0x 0 01110 00 1 xxxxx 1110 00 xxxxx xxxxx",  # PMULL of bytes
    "0x x 01110 xx 10000 {000xx|0010x|0011x|0100x|01010|01011} 10 xxxxx xxxxx",  # REV CNT CMGT ABS
    "0x x 01110 1x 10000 {0110x|01110|01111} 10 xxxxx xxxxx",  # FCMGT FABS FNEG
    "0x x 01110 {00|01|10} 10000 {10010|10100} 10 xxxxx xxxxx",  # XTN SQXTN
    "0x 1 01110 {00|01|10} 10000 10011 10 xxxxx xxxxx",  # SHLL
    "0x 0 01110 0x 10000 1011x 10 xxxxx xxxxx",  # FCVTN FCVTL
    "0x 1 01110 01 10000 10110 10 xxxxx xxxxx",  # FCVTXN
    "0x x 01110 0x 10000 {1100x|1101x|1110x} 10 xxxxx xxxxx",  # FRINTx FCVTx SCVTF
    "0x x 01110 1x 10000 {11001|1101x|11101} 10 xxxxx xxxxx",
    "0x 0 01110 1x 10000 11000 10 xxxxx xxxxx",  # FRINTP
    "0x x 01110 10 10000 11100 10 xxxxx xxxxx",  # URECPE URSQRTE
    "0x 1 01110 1x 10000 11111 10 xxxxx xxxxx",  # FSQRT
    "0x x 01110 xx 11000 {00011|01010|11010} 10 xxxxx xxxxx",  # SADDLV SMAXV SMINV
    "0x 0 01110 xx 11000 11011 10 xxxxx xxxxx",  # ADDV
    "01 1 01110 x0 11000 {01100|01111} 10 xxxxx xxxxx",  # FMAXV FMAXNMV
    "0x 0 01110000 xxxxx 0 {0000|0001|0101|0111|0011} 1 xxxxx xxxxx",  # DUP SMOV UMOV INS
    "01 1 01110000 xxxxx 0 xxxx 1 xxxxx xxxxx",  # INS
    "0x 1 01110000 xxxxx 0 xxxx 0 xxxxx xxxxx",  # EXT
    "0x 0 01110000 xxxxx 0 xxx 00 xxxxx xxxxx",  # TBL TBX
    "0x 0 01110 xx 0 xxxxx 0 {001|010|011|101|110|111} 10 xxxxx xxxxx",  # ZIP UZP TRN
    "0x x 0111100000 xxx {0xxx|10xx|110x|1110|1111} 01 xxxxx xxxxx",  # MOVI MVNI FMOV
    "0x x 011110 {0001|001x|01xx|1xxx} xxx {00000|00010|00100|00110|01010|01110} 1 xxxxx xxxxx",  # SSHR SHL
    "0x 1 011110 {0001|001x|01xx|1xxx} xxx {01000|01100} 1 xxxxx xxxxx",  # SRI SQSHLU
    "0x x 011110 {0001|001x|01xx} xxx {100xx|10100} 1 xxxxx xxxxx",  # SHRN SQSHRN SSHLL
    "0x x 011110 {01xx|1xxx} xxx {11100|11111} 1 xxxxx xxxxx",  # SCVTF FCVTZS, fixed point
    "0x 0 01111 {01|10} xxxxxx {0010|0011|0110|0111|1000|1010|1011|1100|1101} x0 xxxxx xxxxx",  # by element
    "0x 1 01111 {01|10} xxxxxx {0000|0010|0100|0110|1010} x0 xxxxx xxxxx",
    "0x 0 01111 1x xxxxxx {0001|0101|1001} x0 xxxxx xxxxx",  # FMLA FMLS FMUL
    "0x 1 01111 1x xxxxxx 1001 x0 xxxxx xxxxx",  # FMULX
    # -- Advanced SIMD, scalar
    "01 x 11110 xx 1 xxxxx {00001|00101|0011x|010xx|1000x|10110} 1 xxxxx xxxxx",
    "01 x 11110 xx 1 xxxxx 11100 1 xxxxx xxxxx",  # FCMEQ FCMGE
    "01 0 11110 xx 1 xxxxx {11011|11111} 1 xxxxx xxxxx",  # FMULX FRECPS
    "01 1 11110 xx 1 xxxxx {11010|11101} 1 xxxxx xxxxx",  # FABD FACGE
    "01 0 11110 {01|10} 1 xxxxx {1001|1011|1101} 00 xxxxx xxxxx",  # SQDMLAL
    "01 x 11110 xx 10000 {00011|00111|0100x|0101x|10100} 10 xxxxx xxxxx",
    "01 x 11110 1x 10000 {0110x|01110} 10 xxxxx xxxxx",
    "01 1 11110 xx 10000 10010 10 xxxxx xxxxx",  # SQXTUN
    "01 1 11110 01 10000 10110 10 xxxxx xxxxx",  # FCVTXN
    "01 x 11110 xx 10000 {11010|11011|11101} 10 xxxxx xxxxx",
    "01 x 11110 0x 10000 11100 10 xxxxx xxxxx",
    "01 0 11110 1x 10000 11111 10 xxxxx xxxxx",  # FRECPX
    "01 0 11110 11 11000 11011 10 xxxxx xxxxx",  # ADDP
    "01 1 11110 xx 11000 {01100|01101|01111} 10 xxxxx xxxxx",  # FMAXP FADDP
    "01 0 11110000 xxxxx 0 0000 1 xxxxx xxxxx",  # DUP
    "01 x 111110 1xxx xxx {00000|00010|00100|00110|01010} 1 xxxxx xxxxx",  # shifts of 64 bits
    "01 1 111110 1xxx xxx 01000 1 xxxxx xxxxx",
    "01 x 111110 {0001|001x|01xx|1xxx} xxx 01110 1 xxxxx xxxxx",
    "01 1 111110 {0001|001x|01xx|1xxx} xxx 01100 1 xxxxx xxxxx",
    "01 x 111110 {0001|001x|01xx} xxx 1001x 1 xxxxx xxxxx",
    "01 1 111110 {0001|001x|01xx} xxx 1000x 1 xxxxx xxxxx",
    "01 x 111110 {01xx|1xxx} xxx {11100|11111} 1 xxxxx xxxxx",
    "01 0 11111 {01|10} xxxxxx {0011|0111|1011|1100|1101} x0 xxxxx xxxxx",
    "01 0 11111 1x xxxxxx {0001|0101|1001} x0 xxxxx xxxxx",
    "01 1 11111 1x xxxxxx 1001 x0 xxxxx xxxxx",
)

#: What needs features, joined by + where several: -> patterns, looked at after BASELINE.
FEATURES: dict[str, tuple[str, ...]] = {
    "crc32": ("x 00 11010110 xxxxx 010 xxx xxxxx xxxxx",),
    "lse": (
        "0x 001000 0x1 xxxxx x 11111 xxxxx xxxxx",  # CASP
        "xx 001000 1x1 xxxxx x 11111 xxxxx xxxxx",  # CAS
        "xx 111 0 00 xx 1 xxxxx 0 xxx 00 xxxxx xxxxx",  # LDADD LDCLR LDEOR LDSET LDSMAX …
        "xx 111 0 00 xx 1 xxxxx 1 000 00 xxxxx xxxxx",  # SWP
    ),
    "lor": ("xx 001000 1x0 11111 0 11111 xxxxx xxxxx",),  # LDLAR STLLR
    "rdm": (
        "0x 1 01110 xx 0 xxxxx 1000x 1 xxxxx xxxxx",  # SQRDMLAH SQRDMLSH
        "01 1 11110 xx 0 xxxxx 1000x 1 xxxxx xxxxx",
        "0x 1 01111 {01|10} xxxxxx 11x1 x0 xxxxx xxxxx",
        "01 1 11111 {01|10} xxxxxx 11x1 x0 xxxxx xxxxx",
    ),
    "fp16": (
        "x 00 11110 11 0 {00 010|00 011|11 000|11 001} xxxxxx xxxxx xxxxx",
        "x 00 11110 11 1 {xx 00x|00 01x|00 10x|00 11x} 000000 xxxxx xxxxx",
        "000 11110 11 1 {0000xx|00100x|00101x|001100|001110|001111} 10000 xxxxx xxxxx",
        "000 11110 11 1 xxxxx 001000 xxxxx xx 000",
        "000 11110 11 1 xxxxxxxx 100 00000 xxxxx",
        "000 11110 11 1 xxxxx xxxx {01|11} xxxxx xxxxx",
        "000 11110 11 1 xxxxx {0xxx|1000} 10 xxxxx xxxxx",
        "000 11111 11 x xxxxx x xxxxx xxxxx xxxxx",
        "0x x 01110 x10 xxxxx 00 xxx 1 xxxxx xxxxx",
        "01 x 11110 x10 xxxxx 00 xxx 1 xxxxx xxxxx",
        "0x x 01110 x1 11100 {0110x|01110|01111|1100x|1101x|1110x|11111} 10 xxxxx xxxxx",
        "01 x 11110 x1 11100 {0110x|01110|1101x|1110x|11111} 10 xxxxx xxxxx",
        "0x 0 01110 x0 11000 {01100|01111} 10 xxxxx xxxxx",
        "01 0 11110 x0 11000 {01100|01101|01111} 10 xxxxx xxxxx",
        "0x 0 0111100000 xxx 1111 11 xxxxx xxxxx",
        "0x x 011110 001x xxx {11100|11111} 1 xxxxx xxxxx",
        "01 x 111110 001x xxx {11100|11111} 1 xxxxx xxxxx",
        "0x 0 01111 00 xxxxxx {0001|0101|1001} x0 xxxxx xxxxx",
        "0x 1 01111 00 xxxxxx 1001 x0 xxxxx xxxxx",
        "01 0 11111 00 xxxxxx {0001|0101|1001} x0 xxxxx xxxxx",
        "01 1 11111 00 xxxxxx 1001 x0 xxxxx xxxxx",
    ),
    "fhm": (
        "0x 0 01110 x0 1 xxxxx 11101 1 xxxxx xxxxx",  # FMLAL FMLSL
        "0x 1 01110 x0 1 xxxxx 11001 1 xxxxx xxxxx",
        "0x 0 01111 10 xxxxxx 0x00 x0 xxxxx xxxxx",
        "0x 1 01111 10 xxxxxx 1x00 x0 xxxxx xxxxx",
    ),
    "dotprod": (
        "0x x 01110 10 0 xxxxx 10010 1 xxxxx xxxxx",  # SDOT UDOT
        "0x x 01111 10 xxxxxx 1110 x0 xxxxx xxxxx",
    ),
    "i8mm": (
        "0x 0 01110 10 0 xxxxx 10011 1 xxxxx xxxxx",  # USDOT
        "01 x 01110 10 0 xxxxx 10100 1 xxxxx xxxxx",  # SMMLA UMMLA
        "01 0 01110 10 0 xxxxx 10101 1 xxxxx xxxxx",  # USMMLA
        "0x 0 01111 x0 xxxxxx 1111 x0 xxxxx xxxxx",  # USDOT SUDOT
    ),
    "bf16": (
        "0x 1 01110 01 0 xxxxx {11101|11111} 1 xxxxx xxxxx",  # BFMMLA BFDOT
        "0x 1 01110 11 0 xxxxx 11111 1 xxxxx xxxxx",  # BFMLALB BFMLALT
        "0x 0 01111 x1 xxxxxx 1111 x0 xxxxx xxxxx",
        "0x 0 01110 10 10000 10110 10 xxxxx xxxxx",  # BFCVTN
        "000 11110 01 1 000110 10000 xxxxx xxxxx",  # BFCVT
    ),
    "fcma": (
        "0x 1 01110 xx 0 xxxxx 110 xx 1 xxxxx xxxxx",  # FCMLA
        "0x 1 01110 xx 0 xxxxx 111 x0 1 xxxxx xxxxx",  # FCADD
        "0x 1 01111 {01|10} xxxxxx 0xx1 x0 xxxxx xxxxx",
    ),
    "jscvt": ("0 00 11110 01 1 11 110 000000 xxxxx xxxxx",),
    "frint": ("000 11110 0x 1 0100xx 10000 xxxxx xxxxx", "0x x 01110 0x 10000 1111x 10 xxxxx xxxxx"),
    "aes": (
        "01001110 00 10100 001xx 10 xxxxx xxxxx",  # AESE AESD AESMC AESIMC
        "0x 0 01110 11 1 xxxxx 1110 00 xxxxx xxxxx",  # PMULL of 64 bits
    ),
    "sha2": (
        "01011110 000 xxxxx 0 {0xx|10x|110} 00 xxxxx xxxxx",
        "01011110 00 10100 {00000|00001|00010} 10 xxxxx xxxxx",
    ),
    # SHA-512, SHA-3, SM3, SM4: one class of encodings, never used by accident.
    "sha3": ("11001110 xxx xxxxx x xxxxx xxxxx xxxxx",),
    "rcpc": ("xx 111 0 00 101 11111 1 100 00 xxxxx xxxxx",),  # LDAPR
    "rcpc2": ("xx 011 0 01 xx 0 xxxxxxxxx 00 xxxxx xxxxx",),  # LDAPUR STLUR
    "flagm": (
        "1 01 11010000 xxxxxx 00001 xxxxx 0 xxxx",  # RMIF
        "0 01 11010000 00000 0x0010 xxxxx 01101",  # SETF8 SETF16
        "1101010100 0 00 000 0100 xxxx {000|001|010} 11111",  # CFINV XAFLAG AXFLAG
    ),
    "sb": ("1101010100 0 00 011 0011 0000 111 11111",),
    "dpb": ("1101010100 0 01 011 0111 110x 001 xxxxx",),  # DC CVAP CVADP
    "rng": ("1101010100 1 11 011 0010 0100 00x xxxxx",),  # RNDR RNDRRS
    "pauth": (
        "1101011 x 0 {00|01|10} 11111 00001x xxxxx xxxxx",  # BRAA BLRAA RETAA
        "11 111 0 00 xx 1 xxxxxxxxx x1 xxxxx xxxxx",  # LDRAA LDRAB
        "1 10 11010110 00001 xxxxxx xxxxx xxxxx",  # PACIA AUTIA XPACI
        "1 00 11010110 xxxxx 001100 xxxxx xxxxx",  # PACGA
    ),
    "mte": (
        "1 x0 100011 0 xxxxxx 00 xxxx xxxxx xxxxx",  # ADDG SUBG
        "1 x0 11010110 xxxxx {000000|000100|000101} xxxxx xxxxx",  # SUBP IRG GMI
        "1 01 11010110 xxxxx 000000 xxxxx xxxxx",  # SUBPS
        "11011001 xx 1 xxxxxxxxx xx xxxxx xxxxx",  # STG LDG
        "01 101 0 0xx 0 xxxxxxx xxxxx xxxxx xxxxx",  # STGP
        "1101010100 0 01 011 0111 0100 {011|100} xxxxx",  # DC GVA GZVA
        "1101010100 x 11 011 0100 0010 111 xxxxx",  # TCO
    ),
    "ls64": ("11 111 0 00 001 xxxxx 1 {001|010|011|101} 00 xxxxx xxxxx",),
    "mops": ("xx 011 x 01 xx 0 xxxxx xxxx 01 xxxxx xxxxx",),  # CPY SET
    "hbc": ("0101010 0 xxxxxxxxxxxxxxxxxxx 1 xxxx",),  # BC.cond
    "cssc": (
        "x 00 11010110 xxxxx 0110xx xxxxx xxxxx",  # SMAX UMAX SMIN UMIN
        "x 10 11010110 00000 {00011x|001000} xxxxx xxxxx",  # CTZ CNT ABS
        "x 00 100011 1 00 xx xxxxxxxx xxxxx xxxxx",
    ),
    # The kernel answers these reads where it sets HWCAP_CPUID, which start-up code asks for first.
    "cpuid": ("1101010100 1 11 000 0000 xxxx xxx xxxxx",),
    # SME and SVE each own a part of the encoding space; within it, only SVE2 and its like are told apart.
    "sme": (
        "1 xx 0000 xxxxxxxxxxxxxxxxxxxxxxxxx",
        "1101010100 0 00 011 0100 xxxx 011 11111",  # SMSTART SMSTOP
        "1101010100 x 11 011 1101 0000 101 xxxxx",  # TPIDR2_EL0
        "1101010100 x 11 011 0100 0010 010 xxxxx",  # SVCR
        "00000100 {001|011} xxxxx 01011x xxxxx xxxxx",  # ADDSVL ADDSPL
        "00000100 101 11111 01011x xxxxx xxxxx",  # RDSVL
        "00000101 001 01110 100xxx xxxxx xxxxx",  # REVD
        "00100101 xx1 xxxxx 01xxxx xxxxx xxxxx",  # PSEL
        "01000100 xx0 xxxxx 11000x xxxxx xxxxx",  # SCLAMP UCLAMP
    ),
    "sve+i8mm": (
        "01000100 100 xxxxx 011110 xxxxx xxxxx",  # USDOT
        "01000100 101 xxxxx 00011x xxxxx xxxxx",  # USDOT SUDOT by element
        "01000101 xx0 xxxxx 100110 xxxxx xxxxx",  # SMMLA UMMLA USMMLA
    ),
    "sve+bf16": (
        "01100100 011 xxxxx {010000|100000|111001} xxxxx xxxxx",  # BFDOT BFMMLA
        "01100100 111 xxxxx {0100x0|0100x1|100000|100001} xxxxx xxxxx",  # BFMLALB BFMLALT
        "0110010x 100 01010 101xxx xxxxx xxxxx",  # BFCVT BFCVTNT
    ),
    "sve+f32mm": ("01100100 101 xxxxx 111001 xxxxx xxxxx",),
    "sve+f64mm": (
        "01100100 111 xxxxx 111001 xxxxx xxxxx",
        "00000101 101 xxxxx {00000x|00001x|00011x} xxxxx xxxxx",  # ZIP UZP TRN of 128 bits
        "1010010x x01 xxxxx 00xxxx xxxxx xxxxx",  # LD1RO
    ),
    "sve2+bitperm": ("01000101 xx0 xxxxx {10110x|101110} xxxxx xxxxx",),
    "sve2+sve2-crypto": (
        "01000101 000 xxxxx 01101x xxxxx xxxxx",  # PMULLB PMULLT of 64 bits
        "01000101 xx1 xxxxx 111xxx xxxxx xxxxx",  # AES SM4 RAX1
    ),
    "sve": (
        "01000100 1xx xxxxx 00000x xxxxx xxxxx",  # SDOT UDOT
        "01100100 {011|101|111} xxxxx 0001xx xxxxx xxxxx",  # FCMLA by element
    ),
    "sve2": (
        "0100010x xxx xxxxx xxxxxx xxxxx xxxxx",
        "00000100 xx1 xxxxx {00111x|001101|0110xx|01110x} xxxxx xxxxx",  # EOR3 BSL XAR MUL SQDMULH
        "00000100 xx0 {00110|00111|01100|01101|01111} 100xxx xxxxx xxxxx",  # SQSHL SRSHR SQSHLU
        "00000101 xx1 xxxxx 00101x xxxxx xxxxx",  # TBL TBX
        "00000101 011 xxxxx 000xxx xxxxx xxxxx",  # EXT
        "00000101 xx1 01101 100xxx xxxxx xxxxx",  # SPLICE
        "00100101 xx1 xxxxx {000x00|000x10|001100} xxxxx xxxxx",  # WHILEGE WHILEHI WHILERW
        "01100100 101 xxxxx {01x0xx|10x00x} xxxxx xxxxx",  # FMLALB FMLSLT
        "01100100 xx0 {10000|10100|10101|1011x} 100xxx xxxxx xxxxx",  # FADDP FMAXP
        "01100100 xx0 010xx 101xxx xxxxx xxxxx",  # FCVTLT FCVTNT FCVTXNT
        "01100101 00x {01010|11xx0} 101xxx xxxxx xxxxx",  # FCVTX FLOGB
        "1000010x x00 xxxxx 10xxxx xxxxx xxxxx",  # LDNT1 and STNT1 that gather and scatter
        "1100010x x00 xxxxx 1x0xxx xxxxx xxxxx",
        "1110010x xx0 xxxxx 001xxx xxxxx xxxxx",
    ),
}

#: Looked at last: the rest of SVE's space.
REST: dict[str, tuple[str, ...]] = {"sve": ("xxx 0010 xxxxxxxxxxxxxxxxxxxxxxxxx",)}
