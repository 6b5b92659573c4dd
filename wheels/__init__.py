"""Products: what a wheel promises, how it is checked, tagged, collected and tried on real speech."""
