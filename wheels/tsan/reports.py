"""What ThreadSanitizer wrote: one text for each data race, deadlock or leaked thread."""

from __future__ import annotations

import re
from pathlib import Path

_RULE = "=" * 18
_HEAD = re.compile(r"(WARNING|ERROR|FATAL): ThreadSanitizer")  # not its count at the end
_SUMMARY = re.compile(r"^SUMMARY: ThreadSanitizer: (.*)$", re.MULTILINE)


def read(folder: Path) -> list[str]:
    """Return the reports in the log files of `folder`, each only once."""
    texts = [file.read_text(errors="replace") for file in sorted(folder.glob("report.*"))]
    found = [part.strip() for text in texts for part in text.split(_RULE) if _HEAD.search(part)]
    return list({summary(report): report for report in found}.values())


def summary(report: str) -> str:
    """Return what and where, in a line; it does not change from run to run."""
    match = _SUMMARY.search(report)
    return match[1] if match else report.splitlines()[0]
