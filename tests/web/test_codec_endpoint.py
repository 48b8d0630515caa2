"""The codec endpoint: operations text for Temporal's pages, and nothing of a case."""

import base64
import json
import os
from typing import Any

import pytest
from google.protobuf import json_format
from starlette.testclient import TestClient
from temporalio.api.common.v1 import Payload, Payloads

from infra.codec import ENCODING, KEY, data_converter, seal_operations
from infra.sealing import seal
from schemas.operations import Said, operations_text
from tests.infra.cases import NAME
from web.codec_endpoint import codec_app

ORIGIN = "http://127.0.0.1:8233"
OPERATIONS_KEY, CASE_KEY = os.urandom(32), os.urandom(32)
NOT_SHOWN = "case content: sealed, or erased with its case"


@pytest.fixture(scope="module")
def client() -> TestClient:
    """Somebody who asks."""
    return TestClient(codec_app(OPERATIONS_KEY, ORIGIN), base_url="http://127.0.0.1:9000")


def asked(client: TestClient, *payloads: Payload) -> list[Any]:
    """What the endpoint shows of payloads."""
    body = json_format.MessageToJson(Payloads(payloads=payloads))
    answer = client.post("/decode", content=body, headers={"origin": ORIGIN})
    assert answer.status_code == 200
    shown = json_format.Parse(answer.text, Payloads())
    return [json.loads(payload.data) for payload in shown.payloads]


def of_case(key: bytes = CASE_KEY, name: bytes = b"bafod-kisut-n/1") -> Payload:
    """A name, sealed as a case's codec seals it."""
    plain = data_converter(None).payload_converter.to_payloads([NAME])[0]
    data = seal(key, 1, ("bafod-kisut-n", "payload", 1), plain.SerializeToString())
    return Payload(metadata={"encoding": ENCODING, KEY: name}, data=data)


def of_operations(key: bytes = OPERATIONS_KEY) -> Payload:
    """A sentence for operations staff."""
    plain = data_converter(None).payload_converter.to_payloads([operations_text(Said.NEXT, 3)])
    return seal_operations(key, plain[0])


def test_operations_text_is_shown(client: TestClient) -> None:
    """Where a journey stands, in codes."""
    assert asked(client, of_operations()) == ["next 3"]


def test_case_content_is_not_shown(client: TestClient) -> None:
    """The endpoint has no key to it; it says so in the same words of everything."""
    assert asked(client, of_case(), of_operations()) == [NOT_SHOWN, "next 3"]


@pytest.mark.parametrize(
    "payload",
    [
        of_case(name=b"operations"),
        of_case(OPERATIONS_KEY),
        of_case(OPERATIONS_KEY, b"operations"),
        of_operations(CASE_KEY),
        Payload(metadata={"encoding": ENCODING}, data=b"x"),
        Payload(metadata={"encoding": ENCODING, KEY: b"operations"}),
    ],
    ids=[
        "a case's, passed off as operations text",
        "a case's, under the operations key",
        "a case's, under that key and that name",
        "of another installation",
        "junk",
        "nothing",
    ],
)
def test_what_does_not_open_as_operations_text_is_not_shown(
    client: TestClient, payload: Payload
) -> None:
    """Whatever it says of itself."""
    assert asked(client, payload) == [NOT_SHOWN]


def test_what_is_in_clear_is_shown_as_it_came(client: TestClient) -> None:
    """Temporal's pages send everything they have."""
    assert asked(client, *data_converter(None).payload_converter.to_payloads([{"n": 1}])) == [
        {"n": 1}
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"\xff\xfe\x00",
        b"[1]",
        b'"text"',
        b'{"payloads": [{"data": "not base64!"}]}',
        b'{"payloads": 1}',
        b'{"unknown": []}',
        b"[" * 100_000,
    ],
    ids=["nothing", "words", "bytes", "list", "string", "data", "number", "field", "depth"],
)
def test_what_are_no_payloads_is_bad_input(client: TestClient, body: bytes) -> None:
    """And the answer quotes nothing of it."""
    answer = client.post("/decode", content=body)
    assert (answer.status_code, answer.text) == (400, "not payloads")


def test_what_is_too_large_is_refused(client: TestClient) -> None:
    """A page never asks for a megabyte."""
    data = base64.b64encode(b"x" * 1_000_000).decode()
    answer = client.post("/decode", content=json.dumps({"payloads": [{"data": data}]}))
    assert answer.status_code == 413


def test_only_the_pages_of_temporal_may_ask(client: TestClient) -> None:
    """Another page in the same browser gets no answer it can read."""
    body = json_format.MessageToJson(Payloads(payloads=[of_operations()]))
    allowed = "access-control-allow-origin"
    ours = client.post("/decode", content=body, headers={"origin": ORIGIN})
    assert ours.headers[allowed] == ORIGIN
    for origin in ("http://evil.example", ORIGIN + "0", "http://localhost:8233", "null"):
        theirs = client.post("/decode", content=body, headers={"origin": origin})
        assert allowed not in theirs.headers


@pytest.mark.parametrize(
    ("origin", "status"), [(ORIGIN, 200), ("http://evil.example", 400)], ids=["ours", "theirs"]
)
def test_a_browser_that_asks_first_is_told(client: TestClient, origin: str, status: int) -> None:
    """With the headers Temporal's pages send."""
    answer = client.options(
        "/decode",
        headers={
            "origin": origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": "content-type,x-namespace",
        },
    )
    assert answer.status_code == status


def test_there_is_nothing_else_to_ask(client: TestClient) -> None:
    """No way to have anything sealed, and no description of itself."""
    assert client.get("/healthz").text == "ok"
    assert client.get("/decode").status_code == 405
    assert {client.post(path).status_code for path in ("/encode", "/", "/docs")} == {404}
