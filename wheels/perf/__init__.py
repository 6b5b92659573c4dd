"""Counts instructions under callgrind: what seconds on a shared machine cannot tell, counts can."""
