"""A delivery over a real connection, as senders make it."""

from collections.abc import Iterator

import httpx

from tests.faults.house import House


def test_a_delivery_in_chunks_is_refused_with_the_fix_and_not_taken_for_an_empty_one(house: House) -> None:
    headers, address = house.add_source("chunks-cad", "cad"), house.serve("ingest")

    def chunks() -> Iterator[bytes]:
        yield b'{"type": '
        yield b'"job"}\n'

    answer = httpx.post(f"{address}/feeds/cad/chunks-cad", content=chunks(), headers=headers)

    assert answer.status_code == 411
    assert "Content-Length" in answer.json()["fix"]
