"""Queues of tasks: one in this process, kept in SQLite, and one in Redis for several machines."""
