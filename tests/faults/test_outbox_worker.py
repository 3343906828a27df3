"""The outbox's workers are killed at random moments: nothing is lost, and nothing goes out twice unknown."""

import random
import time
from collections import Counter
from pathlib import Path

import pytest

from tests import sizes
from tests.faults.house import House, a_house, wait_for

MESSAGES, KILLS = 150, sizes.of("R20", "kills")
WORKERS = ("outbox-1", "outbox-2")
PUT = """
INSERT INTO core_outgoing (organisation_id, key, kind, carrier, state, queued_at, due_at, since,
                           reason, why, fix, digest, reference, tries)
SELECT organisation.id, carrier || number, 'test', carrier, 'queued', now(), now(), now(),
       '', '', '', '', '', 0
  FROM (SELECT min(id) AS id FROM core_organisation) AS organisation,
       generate_series(1, %s) AS number, unnest('{keyed,plain}'::text[]) AS carrier
"""


def given(folder: Path, carrier: str) -> Counter[str]:
    file = folder / carrier
    return (
        Counter(line.partition(":")[2] for line in file.read_text().splitlines())
        if file.exists()
        else Counter()
    )


def still_to_do(house: House) -> int:
    return int(house.ask("SELECT count(*) FROM core_outgoing WHERE state IN ('queued', 'ready', 'sending')"))


@pytest.mark.promise("R20")
def test_killed_workers_lose_no_message_and_send_none_twice(tmp_path: Path, chance: random.Random) -> None:
    tmp_path.chmod(0o777)
    with a_house() as house:
        with house.connect() as link:
            link.execute(PUT, [MESSAGES])
        for name in WORKERS:
            house.begin(name, "-m", "tests.faults.outbox_worker", str(tmp_path))
        wait_for(lambda: given(tmp_path, "keyed"), seconds=60, what="the first message")
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.1, 0.5))
            name = chance.choice(WORKERS)
            house.kill(name)
            house.begin(name, "-m", "tests.faults.outbox_worker", str(tmp_path))
        wait_for(lambda: still_to_do(house) == 0, seconds=120, what="the outbox to be empty")
        with house.connect() as link:
            rows = link.execute("SELECT key, carrier, state, reason FROM core_outgoing").fetchall()

    stood = {key: (carrier, state, reason) for key, carrier, state, reason in rows}
    assert len(stood) == 2 * MESSAGES
    keyed, plain = given(tmp_path, "keyed"), given(tmp_path, "plain")
    # Given again with the same key where nobody knew: all are sent, each key known to the carrier.
    assert {
        key for key, (carrier, state, _) in stood.items() if carrier == "keyed" and state == "sent"
    } == set(keyed)
    assert len(keyed) == MESSAGES
    # Without keys nothing is given twice; where nobody knows whether it left, a person is asked.
    assert max(plain.values()) == 1
    for key, (carrier, state, reason) in stood.items():
        if carrier == "plain":
            assert state == "sent" or (state, reason) == ("held", "uncertain"), key
            assert state == "held" or plain[key] == 1, key
