"""Reads x86-64 code: iced-x86 takes it apart and knows what CPUID each instruction asks for."""

from __future__ import annotations

from functools import cache

from iced_x86 import (
    Code,
    CpuidFeature,
    Decoder,
    FlowControl,
    Formatter,
    FormatterSyntax,
    Instruction,
    Mnemonic,
    OpKind,
)

from wheels.isa import x86_cpuid
from wheels.isa.reach import UNKNOWN, Step

_LONGEST = 15
# What never goes on to the next instruction.
_ENDS = (
    *(FlowControl.RETURN, FlowControl.EXCEPTION),
    *(FlowControl.UNCONDITIONAL_BRANCH, FlowControl.INDIRECT_BRANCH),
)
_THROUGH = (FlowControl.INDIRECT_BRANCH, FlowControl.INDIRECT_CALL)
_NEAR = (OpKind.NEAR_BRANCH64, OpKind.NEAR_BRANCH32, OpKind.NEAR_BRANCH16)


def survey(data: bytes, address: int) -> dict[int, frozenset[str]]:
    """Where code needs more than every CPU has: address of one place per kind of instruction -> features."""
    kinds = {instruction.code: instruction.ip for instruction in Decoder(64, data, ip=address)}
    needs = {ip: features_of(_decode(data, address, ip)) for ip in kinds.values()}
    return {ip: features for ip, features in needs.items() if features}


def features_of(instruction: Instruction) -> frozenset[str]:
    """What a CPU must have to run this instruction; nothing for one that every x86-64 runs."""
    if instruction.code == Code.INVALID:
        return frozenset({UNKNOWN})
    mnemonic = _names(Mnemonic)[instruction.mnemonic]
    if mnemonic in x86_cpuid.MNEMONICS:
        return frozenset(filter(None, [x86_cpuid.MNEMONICS[mnemonic]]))
    needed = {_names(CpuidFeature)[number] for number in instruction.cpuid_features()}
    return frozenset(x86_cpuid.FEATURES.get(name, name.lower()) for name in needed - x86_cpuid.BASELINE)


def step(data: bytes, address: int, ip: int) -> Step:
    """One instruction of a section that begins at `address`, for a walk."""
    instruction = _decode(data, address, ip)
    targets = [] if instruction.flow_control in _ENDS else [instruction.next_ip]
    if instruction.op_count and instruction.op0_kind in _NEAR:
        targets.append(instruction.near_branch_target)
    through = instruction.flow_control in _THROUGH and instruction.is_ip_rel_memory_operand
    pointer = instruction.ip_rel_memory_address if through else 0
    return Step(ip, features_of(instruction), tuple(targets), pointer)


def describe(data: bytes, address: int, ip: int) -> str:
    """The instruction at an address, in words."""
    return Formatter(FormatterSyntax.GAS).format(_decode(data, address, ip))


def _decode(data: bytes, address: int, ip: int) -> Instruction:
    return Decoder(64, data[ip - address : ip - address + _LONGEST], ip=ip).decode()


@cache
def _names(enum: object) -> dict[int, str]:
    """The names of iced's enumerations, which in Python are modules of plain numbers."""
    return {value: name for name, value in vars(enum).items() if isinstance(value, int)}
