"""The codec endpoint: lets Temporal's pages show operations text, and no case content.

It holds the operations key alone. Whatever a case key sealed comes back as a fixed phrase.
"""

import json
from collections.abc import Mapping

import uvicorn
from google.protobuf import json_format
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from temporalio.api.common.v1 import Payload, Payloads

from infra.codec import ENCODING, unseal_operations
from schemas.errors import DamagedTextError

_MOST_BYTES = 1_000_000
_NOT_SHOWN: Mapping[str, bytes] = {"encoding": b"json/plain"}
_PHRASE = json.dumps("case content: sealed, or erased with its case").encode()
"""One for both: the endpoint has no key of a case, and does not know which of them are left."""


def codec_app(operations_key: bytes, ui_origin: str) -> Starlette:
    """The endpoint, for pages of one origin."""

    async def decode(request: Request) -> Response:
        body = await request.body()
        if len(body) > _MOST_BYTES:
            return PlainTextResponse("too large", status_code=413)
        try:
            payloads = json_format.Parse(body, Payloads())
        except (json_format.ParseError, UnicodeDecodeError, RecursionError):
            return PlainTextResponse("not payloads", status_code=400)
        shown = Payloads(payloads=[_shown(operations_key, p) for p in payloads.payloads])
        return JSONResponse(json_format.MessageToDict(shown))

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok")

    return Starlette(
        routes=[
            Route("/decode", decode, methods=["POST"]),
            Route("/healthz", healthz, methods=["GET"]),
        ],
        middleware=[
            Middleware(
                CORSMiddleware,
                allow_origins=[ui_origin],
                allow_methods=["POST"],
                allow_headers=["content-type", "x-namespace"],
            )
        ],
    )


async def serve_codec(operations_key: bytes, ui_origin: str, port: int) -> None:
    """Serve on loopback until told to stop."""
    config = uvicorn.Config(
        codec_app(operations_key, ui_origin),
        host="127.0.0.1",
        port=port,
        log_level="error",
        access_log=False,
        lifespan="off",
    )
    await uvicorn.Server(config).serve()


def _shown(operations_key: bytes, payload: Payload) -> Payload:
    if payload.metadata.get("encoding") != ENCODING:
        return payload
    try:
        opened = unseal_operations(operations_key, payload)
    except DamagedTextError:
        opened = None
    return opened or Payload(metadata=_NOT_SHOWN, data=_PHRASE)
