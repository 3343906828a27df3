"""What a code of the directory stands for, and what each published form of it says."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.outpatients.practices import Listed, Standing, Succession, follow, without_circles
from clearway.domain.shared.errors import CannotParse
from clearway.interchange import organisation_file
from clearway.interchange.organisation_file import read
from tests.directory import file, ord_json, practice, successor

TODAY = date(2026, 11, 20)
SPRING = date(2024, 4, 1)


def listed(*codes: str, closed: str = "") -> dict[str, Listed]:
    rows = {code: Listed(code, f"Practice {code}") for code in codes}
    gone = {
        code: Listed(code, f"Practice {code}", status="closed", closed_on=date(2024, 3, 31))
        for code in closed
    }
    return rows | gone


def after(*pairs: str, on: date = SPRING) -> dict[str, list[Succession]]:
    found: dict[str, list[Succession]] = {}
    for old, new in pairs:
        found.setdefault(old, []).append(Succession(old, new, on))
    return found


@pytest.mark.parametrize(
    ("known", "pairs", "chosen", "standing", "way"),
    [
        (listed("A"), (), {}, Standing.CURRENT, ("A",)),
        (listed("C", closed="AB"), ("AB", "BC"), {}, Standing.SUCCEEDED, ("A", "B", "C")),
        (listed("B", "C", closed="A"), ("AB", "AC"), {}, Standing.SEVERAL, ("A",)),
        (listed("B", "C", closed="A"), ("AB", "AC"), {"A": "C"}, Standing.SUCCEEDED, ("A", "C")),
        (listed("B", "C", closed="A"), ("AB", "AC"), {"A": "Z"}, Standing.SEVERAL, ("A",)),
        (listed(closed="A"), (), {}, Standing.CLOSED, ("A",)),
        (listed(closed="A"), ("AB",), {}, Standing.CLOSED, ("A",)),
        (listed(closed="AB"), ("AB", "BA"), {}, Standing.CLOSED, ("A", "B")),
        (listed("B"), (), {}, Standing.UNKNOWN, ("A",)),
    ],
)
def test_a_code_stands_for_itself_while_open_and_then_for_whoever_took_its_place(
    known: dict[str, Listed],
    pairs: tuple[str, ...],
    chosen: dict[str, str],
    standing: Standing,
    way: tuple[str, ...],
) -> None:
    found = follow("A", known, after(*pairs), chosen, TODAY)

    assert (found.standing, found.way) == (standing, way)


def test_a_practice_that_closes_next_month_and_a_succession_to_come_change_nothing_yet() -> None:
    closing = {"A": Listed("A", "Practice A", closed_on=date(2026, 12, 31)), "B": Listed("B", "Practice B")}
    assert follow("A", closing, after("AB"), {}, TODAY).standing is Standing.CURRENT

    closed = listed("B", closed="A")
    found = follow("A", closed, after("AB", on=date(2027, 1, 1)), {}, TODAY)
    assert (found.standing, found.choices) == (Standing.CLOSED, ())


@given(st.lists(st.tuples(st.sampled_from("ABCDE"), st.sampled_from("ABCDE")).filter(lambda p: p[0] != p[1])))
def test_no_circle_is_ever_let_in_and_every_row_is_either_good_or_circular(
    pairs: list[tuple[str, str]],
) -> None:
    rows = [Succession(old, new, SPRING) for old, new in pairs]

    good, circular = without_circles(rows)

    assert len(good) + len(circular) == len(rows)
    steps = {old: {each.new for each in good if each.old == old} for old in "ABCDE"}
    for start in "ABCDE":
        seen: set[str] = set()
        open_ = set(steps[start])
        while open_:
            seen |= open_
            open_ = set().union(*(steps[each] for each in open_)) - seen
        assert start not in seen


def test_the_published_row_of_a_practice_is_read_without_whoever_works_there() -> None:
    found = read(file(practice("M81001", "HILL SURGERY", closed="20240331")))

    (row,) = found.listed
    assert row == Listed(
        "M81001",
        "HILL SURGERY",
        role="GP practice",
        parent="18C",
        address="1 HILL ROAD, WORCESTER, WORCESTERSHIRE",
        postcode="WR5 1DD",
        status="closed",
        opened_on=date(1974, 4, 1),
        closed_on=date(2024, 3, 31),
    )
    assert "01905" not in repr(found)


@pytest.mark.parametrize(
    ("row", "where", "fix"),
    [
        (practice("M8", "X"), "line 2, column 1, code", "ODS code"),
        (practice("G1234567", "SMITH J"), "line 2, column 1, code", "People are not kept"),
        (practice("M81002", ""), "line 2, column 2, name", "1 to 200"),
        (practice("M81002", "X", opened="31042024"), "line 2, column 11, opened", "20240401"),
        (practice("M81002", "X", status="Q"), "line 2, column 13, status", "A, C, D or P"),
        (["M81002", "X"], "line 2", "as it was published"),
    ],
)
def test_a_row_that_cannot_be_taken_is_named_and_the_others_are_taken(
    row: list[str], where: str, fix: str
) -> None:
    found = read(file(practice("M81001", "HILL SURGERY"), row, practice("M81003", "LOW SURGERY")))

    (refused,) = found.refused
    assert [each.code for each in found.listed] == ["M81001", "M81003"]
    assert refused.where == where
    assert fix in refused.fix


def test_successors_are_read_and_a_row_that_succeeds_itself_is_refused() -> None:
    found = read(
        file(successor("M81001", "M81002"), successor("M81003", "M81003"), ["M81004", "M81005", "R", "", ""])
    )

    assert found.successions == (Succession("M81001", "M81002", SPRING, "R"),)
    assert [each.where for each in found.refused] == [
        "line 2, column 2, successor",
        "line 3, column 4, effective date",
    ]


def test_an_answer_of_the_interface_says_the_same_as_the_file_and_its_successors() -> None:
    found = read(
        ord_json("M81001", "HILL SURGERY", status="Inactive", end="2024-03-31", succeeds=["M81002"])
        + b"\n"
        + ord_json("M81002", "LOW SURGERY")
    )

    one, two = found.listed
    assert (one.status, one.opened_on, one.closed_on, one.parent, one.role) == (
        *("closed", date(1974, 4, 1), date(2024, 3, 31)),
        *("18C", "GP practice"),
    )
    assert two.postcode == "WR5 1DD"
    assert found.successions == (Succession("M81001", "M81002", SPRING),)


def test_a_name_may_hold_signs_that_end_a_line_elsewhere() -> None:
    name = "HILL\u2028SURGERY\u0085NORTH"
    lines = [json.loads(ord_json(code, name)) for code in ("M81001", "M81002")]

    found = read("\r\n".join(json.dumps(each, ensure_ascii=False) for each in lines).encode())

    assert [each.name for each in found.listed] == ["HILL SURGERY NORTH"] * 2


def test_fhir_organisations_are_read_from_a_bundle_and_what_is_none_is_refused() -> None:
    legal = [
        {"url": "dateType", "valueCoding": {"code": "Legal"}},
        {"url": "period", "valuePeriod": {"start": "1974-04-01", "end": "2024-03-31"}},
    ]
    known = "https://fhir.nhs.uk/England/StructureDefinition/Extension-England-TypedPeriod"
    said = {
        "resourceType": "Organization",
        "identifier": [{"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "M81001"}],
        "extension": [{"url": known, "extension": legal}],
        "active": False,
        "type": [{"coding": [{"code": "RO76"}]}],
        "name": "Hill Surgery",
        "address": [{"line": ["1 Hill Road"], "city": "Worcester", "postalCode": "WR51DD"}],
    }
    bundle = {
        "resourceType": "Bundle",
        "entry": [{"resource": said}, {"resource": {"resourceType": "Patient"}}, 3],
    }

    found = read(json.dumps(bundle).encode())

    assert found.listed == (
        Listed(
            "M81001",
            "Hill Surgery",
            role="GP practice",
            address="1 Hill Road, Worcester",
            postcode="WR5 1DD",
            status="closed",
            opened_on=date(1974, 4, 1),
            closed_on=date(2024, 3, 31),
        ),
    )
    assert [each.where for each in found.refused] == ["organisation 2", "organisation 3"]


@pytest.mark.parametrize(
    "raw", [b"", b"a,b,c\n1,2,3\n", b"{", b"[" * 100_000, b'{"resourceType": "Bundle", "entry": 3}']
)
def test_what_is_no_file_of_the_directory_is_refused_as_a_whole(raw: bytes) -> None:
    with pytest.raises(CannotParse) as refused:
        read(raw)

    assert refused.value.where and refused.value.fix


def test_more_rows_or_bytes_than_the_bound_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = file(*(successor(f"M8100{n}", "M81009") for n in range(5)))
    monkeypatch.setattr(organisation_file, "MOST_ROWS", 4)
    with pytest.raises(CannotParse, match="more than 4 rows"):
        read(rows)
    monkeypatch.setattr(organisation_file, "MOST_BYTES", 10)
    with pytest.raises(CannotParse, match="larger"):
        read(rows)


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: ("{" + text).encode())))
def test_whatever_is_given_is_read_or_refused_in_words(raw: bytes) -> None:
    try:
        found = read(raw)
    except CannotParse as refused:
        assert refused.where and refused.why and refused.fix
    else:
        assert all(each.fix for each in found.refused)
