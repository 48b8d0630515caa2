"""One address where Prometheus reads this worker: our counts, and those of Temporal's SDK."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
)

from infra.metrics.counters import REGISTRY
from schemas.errors import SettingsError

_LOOPBACK = "127.0.0.1"
_ANSWER_WITHIN = 2.0
_TRIES = 5
_TO_OUR_LOG = LoggingConfig(
    filter=LoggingConfig.default.filter,
    forwarding=LogForwardingConfig(logger=logging.getLogger("temporalio")),
)

_OPENER = build_opener(ProxyHandler({}))  # no proxy has anything to do with the loopback


class SdkCounts(Collector):
    """What Temporal's SDK counts, read from where its runtime shows it: a port of the loopback."""

    def __init__(self, port: int) -> None:
        self._url = f"http://{_LOOPBACK}:{port}/metrics"

    def collect(self) -> Iterator[Metric]:
        """Every metric of the SDK; none while it does not answer."""
        try:
            with _OPENER.open(self._url, timeout=_ANSWER_WITHIN) as answer:
                text = answer.read().decode("utf-8")
        except (URLError, TimeoutError):
            return
        yield from text_string_to_metric_families(text)


class Metrics:
    """Where a process shows what it counts: at an address, or nowhere."""

    def __init__(self, address: str | None) -> None:
        """Raises `SettingsError` where the address is none."""
        self._address = _address_of(address) if address else None
        self._sdk: SdkCounts | None = None
        self.runtime = self._runtime()
        """For the Temporal client, whose work it counts; made before the client."""

    def _runtime(self) -> Runtime:
        """What the SDK logs is handed to our own log, which writes places and no texts.

        The SDK shows its counts on a port and in no other way, so it gets a free one of the
        loopback, and whoever scrapes asks us for both.
        """
        if self._address is None:
            return Runtime(telemetry=TelemetryConfig(logging=_TO_OUR_LOG))
        for _ in range(_TRIES):
            port = _free_port()
            shown = PrometheusConfig(
                bind_address=f"{_LOOPBACK}:{port}",
                counters_total_suffix=True,
                unit_suffix=True,
                durations_as_seconds=True,
            )
            try:
                runtime = Runtime(telemetry=TelemetryConfig(logging=_TO_OUR_LOG, metrics=shown))
            except ValueError:  # somebody else took the port meanwhile
                continue
            self._sdk = SdkCounts(port)
            return runtime
        raise SettingsError("There is no free port on the loopback for what Temporal's SDK counts.")

    @contextmanager
    def shown(self, *counts: Collector) -> Iterator[None]:
        """Serve our counters, the SDK's and these at `/metrics` for as long as the block runs.

        Raises:
            SettingsError: nothing can listen at the address.
        """
        if self._address is None or self._sdk is None:
            yield
            return
        registry = CollectorRegistry()
        for collector in (REGISTRY, self._sdk, *counts):
            registry.register(collector)
        host, port = self._address
        try:
            server, thread = start_http_server(port, host, registry)
        except OSError as error:
            raise SettingsError(
                f"Nothing can listen at SAFEPATH_METRICS_ADDRESS {host}:{port}: {error.strerror}."
            ) from None
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def _address_of(text: str) -> tuple[str, int]:
    """Host and port of `host:port`; a port alone is one of the loopback.

    Raises:
        SettingsError: it is neither.
    """
    try:
        parts = urlsplit(f"//{text}" if ":" in text else f"//{_LOOPBACK}:{text}")
        host, port = parts.hostname or _LOOPBACK, parts.port
    except ValueError:
        port = None
    if not port or parts.path:
        raise SettingsError(
            "SAFEPATH_METRICS_ADDRESS is host:port, such as 127.0.0.1:9464, or a port."
        )
    return host, port
