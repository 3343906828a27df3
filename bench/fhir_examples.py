"""Every public example of FHIR and of the Booking and Referral Standard, sent to a running Clearway.

First as published: applied, refused with a plain reason, or out of scope and said so. Then those of a kind
that is taken once more, with what can only be local put in their place (slot and time, patient, service); the
rest of each stays as published. Reads ../shared/data, where it is present: bars_examples, ukcore_examples
(XML, put into JSON here) and hl7_fhir_r4_examples.

  python -m bench.fhir_examples [--all]
"""

import argparse
import copy
import json
import sys
import time
import uuid
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from clearway.interchange.fhir.served import SERVED
from clearway.interchange.fhir.shapes import PRIMITIVES, SHAPES

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SETS = ("bars_examples", "ukcore_examples", "hl7_fhir_r4_examples")
APPLIED, REFUSED, OUT = "applied", "refused", "out of scope"
VERDICTS = {200: APPLIED, 201: APPLIED, 404: OUT, 405: OUT, 400: REFUSED, 409: REFUSED, 422: REFUSED}
FHIR = "{http://hl7.org/fhir}"
NHS = "https://fhir.nhs.uk/Id/nhs-number"
Send = Callable[[str, str, Any], tuple[int, dict[str, Any]]]
NewSlot = Callable[[], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one example. how  as published, or local"""

    file: str
    kind: str
    how: str
    verdict: str
    why: str


def files() -> list[Path]:
    """Every example that is here."""
    found = [path for name in SETS for path in sorted((DATA / name).rglob("*")) if path.is_file()]
    return [path for path in found if path.suffix in (".json", ".xml")]


def resource_of(path: Path) -> dict[str, Any] | None:
    """The resource in a file; None where it is none."""
    if path.suffix == ".xml":
        return from_xml(ET.parse(path).getroot())
    try:
        said = json.loads(path.read_text())
    except ValueError:
        return None
    return said if isinstance(said, dict) and "resourceType" in said else None


def account(send: Send, new_slot: NewSlot) -> Iterator[Row]:
    """Send every example, as published and, of what is taken, once more with what is local."""
    for path in files():
        name = str(path.relative_to(DATA))
        resource = resource_of(path)
        if resource is None:
            yield _sent(send, name, "no resource", "POST", "Appointment", path.read_bytes())
            continue
        kind = resource["resourceType"]
        is_message = kind == "Bundle" and resource.get("type") == "message"
        yield _sent(send, name, kind, "POST", "$process-message" if is_message else kind, resource)
        for adapted, where in _local(resource, new_slot):
            yield _sent(send, name, kind, "POST", where, adapted, how="local")


def _sent(
    send: Send, name: str, kind: str, method: str, where: str, body: Any, how: str = "as published"
) -> Row:
    status, said = send(method, where, body)
    if status not in VERDICTS:
        raise SystemExit(f"{name} was answered {status}: {json.dumps(said)[:500]}")
    why = "" if status < 300 else said["issue"][0]["diagnostics"]
    if status < 300:
        _check_same(name, body, said)
    return Row(name, kind, how, VERDICTS[status], why)


def _check_same(name: str, sent: Any, said: dict[str, Any]) -> None:
    """What was applied comes back as it was sent, as far as it has a place here."""
    focus = _focus(sent) if sent["resourceType"] == "Bundle" else sent
    made = said["entry"][1]["resource"] if said["resourceType"] == "Bundle" else said
    assert made["resourceType"] == focus["resourceType"], name
    # A referral that lacks something is on hold here until that is supplied.
    for each in ("status", "start", "end") if focus["resourceType"] == "Appointment" else ():
        if each in focus:
            ours, theirs = made[each].replace("Z", "+00:00"), focus[each].replace("Z", "+00:00")
            assert ours == theirs, f"{name}: {each}"


def _focus(bundle: dict[str, Any]) -> dict[str, Any]:
    wanted = bundle["entry"][0]["resource"]["focus"][0]["reference"]
    found = next(each["resource"] for each in bundle["entry"] if each.get("fullUrl") == wanted)
    return dict(found)


# With what is local


def _local(resource: dict[str, Any], new_slot: NewSlot) -> Iterator[tuple[dict[str, Any], str]]:
    kind = resource["resourceType"]
    if kind == "Appointment":
        yield _appointment(resource, new_slot()), "Appointment"
    elif kind == "ServiceRequest":
        yield _referral(resource, _patient()), "$process-message"
    elif kind == "Patient":
        yield _referral(_request(), resource), "$process-message"
    elif kind == "Bundle" and resource.get("type") == "message":
        adapted = _message(resource, new_slot)
        if adapted is not None:
            yield adapted, "$process-message"


def _appointment(resource: dict[str, Any], slot: dict[str, Any]) -> dict[str, Any]:
    said = {name: copy.deepcopy(each) for name, each in resource.items() if name not in ("id", "basedOn")}
    for name in ("start", "end"):
        if name in said:
            said[name] = slot[name]
    said["slot"] = [{"reference": f"Slot/{slot['id']}"}]
    for each in said["participant"]:
        if "Patient/" in each.get("actor", {}).get("reference", "") or len(said["participant"]) == 1:
            each["actor"] = {"reference": f"Patient/{slot['patient']}", "type": "Patient"}
    return said


def _request() -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "priority": "routine",
        "reasonCode": [{"text": "Knee pain"}],
    }


def _patient() -> dict[str, Any]:
    """Somebody like nobody before: people of one birth date and similar names are compared by a person."""
    born_on = date(1930, 1, 1) + timedelta(days=uuid.uuid4().int % 25_000)
    name = [{"family": f"Sample{uuid.uuid4().hex[:8]}", "given": ["Pat"]}]
    return {"resourceType": "Patient", "name": name, "birthDate": born_on.isoformat()}


def _referral(request: dict[str, Any], patient: dict[str, Any]) -> dict[str, Any]:
    """A message about a request, its patient and a service of this department."""
    system = "https://fhir.nhs.uk/CodeSystem/message-{}-bars"
    header = {
        "resourceType": "MessageHeader",
        "eventCoding": {"system": system.format("events"), "code": "servicerequest-request"},
        "source": {"name": "Examples", "endpoint": "urn:examples"},
        "reason": {"coding": [{"system": system.format("reason"), "code": "new"}]},
        "focus": [{"reference": "urn:uuid:2"}],
    }
    service = {
        "resourceType": "HealthcareService",
        "identifier": [{"system": "https://fhir.nhs.uk/Id/dos-service-id", "value": "physio"}],
    }
    local = {"subject": {"reference": "urn:uuid:3"}, "performer": [{"reference": "urn:uuid:4"}]}
    said = {**copy.deepcopy(request), **local}
    return {
        "resourceType": "Bundle",
        "id": str(uuid.uuid4()),
        "type": "message",
        "entry": [
            {"fullUrl": "urn:uuid:1", "resource": header},
            {"fullUrl": "urn:uuid:2", "resource": said},
            {"fullUrl": "urn:uuid:3", "resource": patient},
            {"fullUrl": "urn:uuid:4", "resource": service},
        ],
    }


def _message(bundle: dict[str, Any], new_slot: NewSlot) -> dict[str, Any] | None:
    """A booking with the slot, the time and the patient of this department; None for another message."""
    said = copy.deepcopy(bundle)
    try:
        focus = next(each for each in said["entry"] if each["resource"]["resourceType"] == "Appointment")
    except StopIteration:
        return None
    slot, known = new_slot(), {each["resource"]["resourceType"]: each["resource"] for each in said["entry"]}
    said["id"] = str(uuid.uuid4())
    system = "https://fhir.nhs.uk/CodeSystem/message-{}-bars"
    header = known["MessageHeader"]  # some published ones name an older system of the same codes
    header["eventCoding"]["system"] = system.format("events")
    header["reason"]["coding"][0]["system"] = system.format("reason")
    focus["resource"] |= {"start": slot["start"], "end": slot["end"]}
    known["Slot"].pop("Schedule", None)
    known["Slot"] |= {"id": slot["id"], "start": slot["start"], "end": slot["end"]}
    known["Slot"].setdefault("schedule", {"reference": "urn:uuid:none"})
    for each in said["entry"]:
        if not str(each["resource"].get("id", "x")).isalnum():
            del each["resource"]["id"]  # some published ones hold a place for one
        if each["resource"]["resourceType"] == "Slot":
            focus["resource"]["slot"] = [{"reference": each["fullUrl"]}]
        if each["resource"]["resourceType"] == "Patient":
            focus["resource"]["participant"] = [
                {"actor": {"reference": each["fullUrl"]}, "status": "accepted"}
            ]
    focus["resource"].pop("basedOn", None)
    known["Patient"]["identifier"][0]["value"] = slot["nhs_number"]
    known["Patient"]["birthDate"] = slot["born_on"]
    return said


# XML into JSON, by the same table of shapes


def from_xml(root: ET.Element) -> dict[str, Any]:
    """A resource of XML as JSON. Of types that are not spoken here only the type is read."""
    kind = root.tag.removeprefix(FHIR)
    if kind not in SERVED and kind not in SHAPES:
        return {"resourceType": kind}
    return {"resourceType": kind, **_members(root, kind)}


def _members(element: ET.Element, kind: str) -> dict[str, Any]:
    shape, said = SHAPES[kind], dict[str, Any]()
    if "id" in element.attrib:
        said["id"] = element.attrib["id"]
    for child in element:
        name = child.tag.rpartition("}")[2]
        known = shape.elements.get(name)
        if name in ("extension", "modifierExtension"):
            said.setdefault(name, []).append(_extension(child))
        elif name == "contained":
            said.setdefault(name, []).append(from_xml(child[0]))
        elif known is not None and known.is_many:
            said.setdefault(name, []).append(_value(child, known.type))
        else:
            said[name] = _value(child, known.type if known else "string")
    return said


def _extension(element: ET.Element) -> dict[str, Any]:
    said: dict[str, Any] = {"url": element.attrib["url"]}
    for child in element:
        name = child.tag.rpartition("}")[2]
        if name == "extension":
            said.setdefault("extension", []).append(_extension(child))
        else:
            kind = name.removeprefix("value")
            small = kind[:1].lower() + kind[1:]
            said[name] = _value(child, small if small in PRIMITIVES else kind)
    return said


def _value(element: ET.Element, kind: str) -> Any:
    if element.tag.endswith("}div"):
        return ET.tostring(element, encoding="unicode")
    if kind in SHAPES:
        return _members(element, kind)
    if kind == "Resource":
        return from_xml(element[0])
    text = element.attrib.get("value", "")
    if kind == "boolean":
        return text == "true"
    if kind in ("integer", "positiveInt", "unsignedInt"):
        return int(text)
    return float(text) if kind == "decimal" else text


# Printed


def told(rows: Sequence[Row], everything: bool) -> str:
    """The account as a table: by set, type and reason, or every example."""
    if everything:
        return "\n".join(f"{row.file}\t{row.how}\t{row.verdict}\t{row.why}" for row in rows)
    counted = Counter((row.file.partition("/")[0], row.kind, row.how, row.verdict, row.why) for row in rows)
    lines = ["| set | type | how | examples | became | why |", "| --- | --- | --- | --- | --- | --- |"]
    for (of, kind, how, verdict, why), count in sorted(counted.items()):
        lines.append(f"| {of} | {kind} | {how} | {count} | {verdict} | {why.replace('|', '/')} |")
    sums = Counter((row.how, row.verdict) for row in rows)
    lines += ["", *(f"{how}: {count} {verdict}" for (how, verdict), count in sorted(sums.items()))]
    return "\n".join(lines)


PREPARE = """
import json, sys
import django
django.setup()
from clearway.config.migrate import migrate
migrate()
from bench.fhir_department import prepare
print(json.dumps(prepare(60)))
"""


def main() -> None:
    import httpx

    from tests.faults.house import a_house

    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    asked.add_argument("--all", action="store_true", help="one line for every example")
    everything: bool = asked.parse_args().all
    if not files():
        sys.exit(f"No examples under {DATA}.")
    with a_house(PREPARE) as house:
        made = json.loads(house.ask("SELECT values::text FROM bench_fhir"))
        headers = {"Authorization": f"Bearer {made['key']}", "Content-Type": "application/fhir+json"}
        waiting = iter(made["slots"])
        with httpx.Client(base_url=f"{house.serve('web')}/fhir/R4", headers=headers, timeout=60) as http:

            def send(method: str, path: str, body: Any) -> tuple[int, dict[str, Any]]:
                raw = body if isinstance(body, bytes) else json.dumps(body).encode()
                named = {"X-Request-Id": str(uuid.uuid4())}
                while True:
                    answer = http.request(method, f"/{path}", content=raw, headers=named)
                    if answer.status_code != 429:
                        return answer.status_code, answer.json()
                    time.sleep(int(answer.headers["Retry-After"]))

            print(told(list(account(send, lambda: next(waiting))), everything))


if __name__ == "__main__":
    main()
