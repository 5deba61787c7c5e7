"""What monitoring asks for: counts and times of requests, and figures read when they are asked."""

from collections.abc import Callable, Iterator, Mapping

from flask import Flask, Response, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from tanlian.web.request_log import elapsed_seconds

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SIGN_IN = frozenset({"sign_in", "confirm"})
_REFUSED = {401: "wrong", 429: "slowed down"}

Reading = Callable[[], Mapping[tuple[str, ...], float]]


class _Asked(Collector):
    """Gauges whose values are looked up at each scrape."""

    def __init__(self) -> None:
        self.gauges: list[tuple[str, str, tuple[str, ...], Reading]] = []

    def collect(self) -> Iterator[Metric]:
        for name, meaning, labels, read in self.gauges:
            family = GaugeMetricFamily(name, meaning, labels=labels)
            for values, figure in read().items():
                family.add_metric(values, figure)
            yield family

    def describe(self) -> Iterator[Metric]:
        """Say nothing, so that registering asks nothing."""
        return iter(())


class Metrics:
    """The metrics of one application in one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._asked = _Asked()
        self._registry.register(self._asked)
        self._requests = Counter(
            "tanlian_requests", "Requests answered.", ("endpoint", "method", "status"),
            registry=self._registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "tanlian_request_seconds", "Time until the answer began.", ("endpoint",),
            buckets=_BUCKETS, registry=self._registry,
        )  # fmt: skip
        self._refused = Counter(
            "tanlian_sign_in_failures", "Sign-ins and confirmations refused.", ("reason",),
            registry=self._registry,
        )  # fmt: skip

    def gauge(self, name: str, meaning: str, labels: tuple[str, ...], read: Reading) -> None:
        """Add a figure that `read` looks up: label values to number; none while unknown."""
        self._asked.gauges.append((name, meaning, labels, read))

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self._registry)

    def watch(self, app: Flask) -> None:
        """Count and time every request from now on."""

        @app.after_request
        def count(response: Response) -> Response:
            endpoint, status = request.endpoint or "unknown", response.status_code
            self._requests.labels(endpoint, request.method, str(status)).inc()
            self._seconds.labels(endpoint).observe(elapsed_seconds())
            if endpoint in _SIGN_IN and status in _REFUSED:
                self._refused.labels(_REFUSED[status]).inc()
            return response
