"""The ISA promise of a wheel, proven on its machine code."""
