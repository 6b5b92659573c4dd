"""Metrics for Prometheus; one registry for each service."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from pywhispercpp.server.queues.base import DecoderState

__all__ = ["Metrics"]


class Metrics:
    """What is counted; names begin with pywhispercpp_."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self.accepted = Counter(
            "pywhispercpp_tasks_accepted", "Tasks that were taken", ["dialect"], registry=registry
        )
        self.refused = Counter(
            "pywhispercpp_tasks_refused", "Tasks for which the queue was full", registry=registry
        )
        self.requests = Counter(
            "pywhispercpp_http_requests",
            "Requests by route and status",
            ["route", "status"],
            registry=registry,
        )
        self.seconds = Histogram(
            "pywhispercpp_http_request_seconds",
            "Time to the last byte of an answer",
            ["route"],
            registry=registry,
        )
        self.live = Gauge("pywhispercpp_live_sessions", "Live streams now", registry=registry)
        self._pending = Gauge("pywhispercpp_tasks_pending", "Tasks that wait", registry=registry)
        self._processing = Gauge(
            "pywhispercpp_tasks_processing", "Tasks that are worked on", registry=registry
        )
        self._loaded = Gauge("pywhispercpp_model_loaded", "Whether a model is in memory", registry=registry)

    def text(self, state: DecoderState) -> bytes:
        """All of them, in Prometheus' text format, with the queue as it is now."""
        self._pending.set(state.pending)
        self._processing.set(state.processing)
        self._loaded.set(state.is_model_loaded)
        return generate_latest(self._registry)
