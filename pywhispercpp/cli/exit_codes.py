"""What a process ends with besides the `exit_code` of an error."""

INTERRUPTED = 130  # 128 + SIGINT, as shells have it
