"""The one error root of build-land."""


class BuildError(Exception):
    """What failed, what to do, and where; an entry point prints it and exits with `exit_code`."""

    exit_code = 1
