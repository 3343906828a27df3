"""A page of a waiting list of 100,000, and the preview of a spreadsheet of 1,000 referrals, over HTTP.

The real web process with sign-in, the record of who looked, and the drawing of the page; one client that
waits for each answer. Processor time is that of the web process alone.

  python -m bench.lists_over_http
"""

import os
import statistics
import time
from collections.abc import Callable

import httpx

from bench import processes
from tests.faults.house import a_house

TIMES, ROWS = 7, 1000
PREPARE = """
import json
import django
django.setup()
from clearway.config.migrate import migrate
migrate()
from django.db import connection
from bench.waiting import ENTRIES, FILL
from tests.outpatients import a_service
from tests.trust import a_trust, signed_in, somebody
trust = a_trust("bench")
assert trust.pk == 1
with connection.cursor() as cursor:
    cursor.execute(FILL, {"n": ENTRIES})
    cursor.execute("VACUUM ANALYZE")
a_service(trust)
browser = signed_in(somebody("desk", "outpatient_coordinator", trust))
print(json.dumps({"cookies": [browser.cookies["sessionid"].value]}))
"""
FILES = "/outpatients/referrals/file/"
COLUMNS = {
    "family_name": "Surname",
    "given_names": "Forenames",
    "born_on": "Birth date",
    "service": "Service",
    "received_on": "Received",
    "phone": "Telephone",
    "question": "Reason",
}
LISTS = {
    "everybody": "",
    "everybody, page 1000": "?page=1000",
    "a need": "?need=interpreter",
    "past treat-by": "?breached=on",
    "urgent without a next step": "?priority=2&no_step=on",
}


def timed(name: str, ask: Callable[[], httpx.Response], pid: int, times: int = TIMES) -> None:
    """Print what one answer takes: wall, processor, size."""
    answer = ask()
    assert answer.status_code == 200, f"{name} answers {answer.status_code}"
    waits, cpu = [], processes.cpu_seconds(pid)
    for _ in range(times):
        began = time.perf_counter()
        answer = ask()
        waits.append(1000 * (time.perf_counter() - began))
    cpu = 1000 * (processes.cpu_seconds(pid) - cpu) / times
    print(
        f"{name:<42} median {statistics.median(waits):8.1f} ms   longest {max(waits):8.1f} ms"
        f"   web process {cpu:8.1f} ms   {len(answer.content) / 1000:7.0f} kB"
    )


def sheet() -> str:
    """Referrals as a practice might send them: everybody new, one in ten incomplete, one in fifty wrong."""
    lines = [",".join(COLUMNS.values())]
    for number in range(ROWS):
        day = "31/02" if number % 50 == 7 else f"{1 + number % 28:02}/{1 + number % 12:02}"
        born = f"{day}/{1940 + number % 60}"
        why = "" if number % 10 == 3 else "Knee pain after a fall"
        lines.append(f"Bench{number},Pat,{born},MSK,19/11/2026,01905 5{number:05},{why}")
    return "\n".join(lines)


def preview(web: httpx.Client) -> str:
    """The address of a file that is given and mapped."""
    token = {"csrfmiddlewaretoken": web.cookies["csrftoken"]}
    given = web.post(FILES, data={**token, "sender": "A practice", "rows": sheet()})
    mapping = {f"field-{name}": heading for name, heading in COLUMNS.items()}
    mapped = web.post(given.headers["location"], data={**token, **mapping})
    assert mapped.status_code == 302, mapped.text[:500]
    return str(mapped.headers["location"])


def main() -> None:
    print("load average", *(f"{each:.1f}" for each in os.getloadavg()))
    with a_house(PREPARE) as house:
        address = house.serve("web")
        pid = house.processes["web"].pid
        with httpx.Client(base_url=address, cookies={"sessionid": house.cookie}, timeout=600) as web:
            for name, asked in LISTS.items():
                timed(name, lambda asked=asked: web.get(f"/outpatients/list/{asked}"), pid)  # type: ignore[misc]
            web.get(FILES).raise_for_status()
            page = preview(web)
            timed(f"preview of {ROWS} rows among 100,000 patients", lambda: web.get(page), pid, 1)
    print("load average", *(f"{each:.1f}" for each in os.getloadavg()))


if __name__ == "__main__":
    main()
