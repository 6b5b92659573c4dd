"""The segments of a transcription one by one, while it goes on in a thread of its own."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from pywhispercpp.segment import Segment

if TYPE_CHECKING:
    from pywhispercpp.audio import Media


class _End:
    """Comes after the last segment, with what was raised."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def stream(transcribe: Callable[..., object], media: Media, options: dict[str, Any]) -> Iterator[Segment]:
    """Yield what transcribe(media, **options) would return; see Model.stream."""
    arrived: queue.Queue[Segment | _End] = queue.Queue()
    stop = threading.Event()

    wanted_end: Callable[[], bool] | None = options.pop("abort_callback", None)

    def is_over() -> bool:
        return stop.is_set() or bool(wanted_end and wanted_end())

    def work() -> None:
        try:
            transcribe(media, new_segment_callback=arrived.put, abort_callback=is_over, **options)
        except BaseException as error:  # raised again where the segments are wanted
            arrived.put(_End(error))
        else:
            arrived.put(_End(None))

    thread = threading.Thread(target=work, name="pywhispercpp.stream", daemon=True)
    thread.start()
    try:
        yield from _until_end(arrived)
    finally:
        stop.set()
        thread.join()


def _until_end(arrived: queue.Queue[Segment | _End]) -> Iterator[Segment]:
    while True:
        item = arrived.get()
        if isinstance(item, _End):
            if item.error is not None:
                raise item.error
            return
        yield item
