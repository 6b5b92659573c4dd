"""Batches of files: which, what is done already, who works on what; nothing is lost or done twice."""
