"""Readers of other people's files of weights, which trust nothing in them."""
