"""Batches of files: which files, what is done already, and who works on what; nothing is lost or done twice."""
