"""The queue of one process, kept in SQLite and in files."""
