"""Connecting to Temporal: one plugin for clients, workers and replay, so they cannot drift."""

import asyncio
from typing import Any

from temporalio.client import Client, Plugin
from temporalio.contrib.opentelemetry import OpenTelemetryPlugin
from temporalio.converter import PayloadCodec
from temporalio.envconfig import ClientConfig
from temporalio.plugin import SimplePlugin
from temporalio.runtime import Runtime
from temporalio.service import KeepAliveConfig, RPCError

from infra.codec import CaseCodec, PutAside, data_converter
from infra.keys import Keyring, read_key_file
from infra.settings import Installation
from infra.step_traces import step_traces
from schemas.errors import SettingsError, UnreachableError

JOURNEYS = "journeys"
"""Namespace and task queue of journeys and referrals."""

_CONNECT_WITHIN = 10.0
_ALIVE = KeepAliveConfig(interval_millis=15_000, timeout_millis=5_000)
"""A connection whose other end is gone, and nothing says so, is given up after twenty seconds.
Temporal takes more than one question in ten for abuse."""


def safepath_plugin(codec: PayloadCodec | None) -> SimplePlugin:
    """Converter, codec and failure converter."""
    return SimplePlugin("safepath", data_converter=data_converter(codec))


def plugins(codec: PayloadCodec | None, *, telemetry: bool = False) -> list[Plugin]:
    """What a client and its workers are made with."""
    ours: list[Plugin] = [safepath_plugin(codec)]
    return [*ours, OpenTelemetryPlugin(), step_traces()] if telemetry else ours


async def connect_temporal(
    installation: Installation,
    keys: Keyring,
    namespace: str = JOURNEYS,
    *,
    put_aside: PutAside | None = None,
    runtime: Runtime | None = None,
) -> Client:
    """A client of one namespace: of the embedded stack, or of what `TEMPORAL_*` names.

    Args:
        installation: where it is.
        keys: which payloads can be sealed and opened.
        namespace: which one.
        put_aside: of a worker's client, told of payloads that can never be opened.
        runtime: what counts the client's work; Temporal's own, which shows nothing, if none.

    Raises:
        UnreachableError: Temporal does not answer.
        SettingsError: Temporal's own settings cannot be used.
    """
    codec = CaseCodec(keys, read_key_file(installation.operations_key_file), put_aside)
    config = _named_by_temporal() if installation.temporal_address is None else {}
    config["namespace"] = config.get("namespace") or namespace
    config.setdefault("target_host", installation.temporal_address or "127.0.0.1:7233")
    config["keep_alive_config"] = _ALIVE
    connecting = Client.connect(
        **config, runtime=runtime, plugins=plugins(codec, telemetry=installation.telemetry)
    )
    try:
        return await asyncio.wait_for(connecting, _CONNECT_WITHIN)
    except (RuntimeError, RPCError, TimeoutError):
        raise UnreachableError(
            "Temporal does not answer: is the stack up? `safepath doctor` says more."
        ) from None


def _named_by_temporal() -> dict[str, Any]:
    """What `TEMPORAL_*` and Temporal's own profile files say."""
    try:
        return dict(ClientConfig.load_client_connect_config())
    except (RuntimeError, ValueError) as error:
        raise SettingsError(f"Temporal's own settings cannot be used: {error}") from None
