"""The Python that wheels are built for unless another is asked for."""

PYTHON_VERSION = "3.11"
