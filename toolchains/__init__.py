"""What we build with: the pinned Python, ISA profiles, the list of what is compiled."""
