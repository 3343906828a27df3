"""A region pack: a folder of readable TOML and CSV files that makes Clearway one region's Clearway.

    region.toml                trust, timezone, desks, areas, sources of messages
    policies.toml              dated, owned tables of values
    emergency_departments.csv  minor_units.csv  stations.csv    for the ambulance desk
    outpatient_sites.csv       for the outpatient desk, with what interchange.department_pack reads
    destination_rules.toml     where patients of each kind must go, and the kinds of alternatives (optional)
    alternatives.csv           the directory of alternatives to an emergency department (optional)
    destination_answers.toml   what somebody answered about roles and alternatives since (optional)
    simulation.toml            how the region behaves, for the simulator (optional)

In a CSV file, a line that starts with # is a comment, the first other line names the columns, and every row
stands on one line. Several words in one cell are parted by spaces.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from clearway.domain.ambulance import destination_answers, destinations
from clearway.domain.shared.errors import CannotParse
from clearway.domain.shared.region import Area, Desk, FeedSource, Mark, Policy, Region, Site, SiteKind

from .pack_files import Record, check_distinct, csv_rows, frozen, read_toml

FILES: Mapping[Desk, Mapping[SiteKind, str]] = MappingProxyType(
    {
        Desk.AMBULANCE: {
            SiteKind.EMERGENCY_DEPARTMENT: "emergency_departments.csv",
            SiteKind.MINOR_UNIT: "minor_units.csv",
            SiteKind.STATION: "stations.csv",
        },
        Desk.OUTPATIENTS: {SiteKind.OUTPATIENT: "outpatient_sites.csv"},
    }
)
_ALWAYS = ("code", "key", "name", "town", "area", "latitude", "longitude", "mark", "source")
_HOURS = ("opens", "closes", "hours_mark")
COLUMNS: Mapping[SiteKind, tuple[str, ...]] = MappingProxyType(
    {
        SiteKind.EMERGENCY_DEPARTMENT: (
            *_ALWAYS,
            *_HOURS,
            "roles",
            "unconfirmed_roles",
            "former_codes",
            "border",
        ),
        SiteKind.MINOR_UNIT: (*_ALWAYS, *_HOURS),
        SiteKind.STATION: _ALWAYS,
        SiteKind.OUTPATIENT: (*_ALWAYS, *_HOURS),
    }
)


def parse(files: Mapping[str, bytes]) -> Region:
    """The region that these files describe, by file name. Raises CannotParse with the place and the fix."""
    pack = read_toml(files, "region.toml")
    areas = tuple(_area(record) for record in pack.records("areas"))
    desks = _desks(pack)
    has_feeds = Desk.AMBULANCE in desks or pack.raw("sources") is not None
    sources = tuple(_source(record) for record in pack.records("sources")) if has_feeds else ()
    check_distinct("region.toml, areas", "code", (area.code for area in areas))
    check_distinct("region.toml, sources", "name", (source.name for source in sources))
    region = Region(
        slug=pack.matching("slug", r"[a-z][a-z0-9-]{0,39}", "small letters, digits and hyphens"),
        organisation_code=pack.text("organisation_code"),
        organisation_name=pack.text("organisation_name"),
        timezone=_timezone(pack),
        areas=areas,
        sites=tuple(_sites(files, desks, {area.code for area in areas})),
        policies=_all_policies(files),
        sources=sources,
        simulation=_simulation(files),
        desks=desks,
    )
    pack.check_no_others()
    _check_alternatives(region)
    return region


def _desks(pack: Record) -> tuple[Desk, ...]:
    """What the pack says; one that says nothing is of the ambulance desk."""
    words = pack.words("desks") or (Desk.AMBULANCE,)
    try:
        return tuple(Desk(word) for word in words)
    except ValueError as problem:
        known = ", ".join(Desk)
        raise pack.refuse("desks", f"{problem}.", f"Use some of: {known}.") from None


def _sites(files: Mapping[str, bytes], desks: tuple[Desk, ...], areas: set[str]) -> Iterator[Site]:
    taken: dict[str, str] = {}
    for kind, name in (each for desk in desks for each in FILES[desk].items()):
        empty = True
        for row in csv_rows(files, name, COLUMNS[kind]):
            site, empty = _site(row, kind, areas), False
            for word in (site.code, site.key, *site.former_codes):
                if word in taken:
                    raise row.refuse("code", f"{word!r} stands in {taken[word]} too.", "Make it unique.")
                taken[word] = row.where
            yield site
        if empty and kind is not SiteKind.MINOR_UNIT:
            raise CannotParse(name, "It has no row.", "Add at least one site.")


def _site(row: Record, kind: SiteKind, areas: set[str]) -> Site:
    opens, closes = _hours(row)
    return Site(
        code=row.matching("code", r"[A-Z0-9]{3,12}", "an ODS code"),
        key=row.matching("key", r"[A-Z0-9-]{2,30}", "capitals, digits and hyphens"),
        name=row.text("name"),
        town=row.text("town"),
        kind=kind,
        latitude=row.number("latitude", -90, 90),
        longitude=row.number("longitude", -180, 180),
        area=_area_of(row, areas),
        mark=row.word("mark", Mark),
        source=row.text("source"),
        roles=row.words("roles"),
        former_codes=row.words("former_codes"),
        opens=opens,
        closes=closes,
        border=row.optional("border") == "yes",
        unconfirmed_roles=row.words("unconfirmed_roles"),
        hours_mark=row.word("hours_mark", Mark) if row.optional("hours_mark") else Mark.ASSUMED,
    )


def _hours(row: Record) -> tuple[str | None, str | None]:
    opens, closes = row.optional("opens"), row.optional("closes")
    if (opens is None) is not (closes is None):
        raise row.refuse("closes" if opens else "opens", "Only one of the two hours is given.", "Give both.")
    if opens is None or closes is None:
        return None, None
    clock = r"([01]\d|2[0-3]):[0-5]\d"
    return row.matching("opens", clock, "a time as 08:00"), row.matching("closes", clock, "a time as 22:00")


def _area_of(row: Record, areas: set[str]) -> str | None:
    code, border = row.optional("area"), row.optional("border") or ""
    if border not in ("", "yes", "no"):
        raise row.refuse("border", f"Expected yes or no, found {border!r}.", "Write yes, no or nothing.")
    if code is None and border == "yes":
        return None
    if code not in areas:
        raise row.refuse(
            "area", f"{code!r} is no area of region.toml.", f"Use one of: {', '.join(sorted(areas))}."
        )
    return code


def _area(record: Record) -> Area:
    area = Area(
        code=record.matching("code", r"[a-z][a-z0-9-]*", "small letters, digits and hyphens"),
        name=record.text("name"),
    )
    record.check_no_others()
    return area


def _source(record: Record) -> FeedSource:
    source = FeedSource(
        name=record.matching("name", r"[a-z][a-z0-9-]*", "small letters, digits and hyphens"),
        kind=record.text("kind"),
        expected_interval_seconds=int(record.number("expected_interval_seconds", 1, 86_400)),
        knows=frozenset(record.words("knows")),
    )
    record.check_no_others()
    return source


def _all_policies(files: Mapping[str, bytes]) -> tuple[Policy, ...]:
    policies = [*_policies(read_toml(files, "policies.toml")), *_destination_policies(files)]
    return tuple(sorted(policies, key=lambda policy: (policy.name, -policy.valid_from.toordinal())))


def policies(files: Mapping[str, bytes]) -> tuple[Policy, ...]:
    """Those of the file policies.toml alone. Raises CannotParse."""
    return _policies(read_toml(files, "policies.toml"))


def _policies(pack: Record) -> tuple[Policy, ...]:
    policies = [_policy(record) for record in pack.records("policies")]
    pack.check_no_others()
    check_distinct("policies.toml", "name", (f"{p.name} from {p.valid_from}" for p in policies))
    return tuple(policies)


DESTINATION_RULES, ALTERNATIVES = "destination_rules.toml", "alternatives.csv"
ANSWERS = "destination_answers.toml"
SIGNATURE = ("valid_from", "review_on", "owner", "source", "mark")
ALTERNATIVE_COLUMNS = (
    *("code", "name", "kind", "area", "latitude", "longitude", "opens", "closes", "days"),
    *("confirmed", "capacity_per_hour", "contact", "mark", "source"),
)


def _destination_policies(files: Mapping[str, bytes]) -> Iterator[Policy]:
    """The destination rules and the directory: each a policy of its own, versioned like any other."""
    if DESTINATION_RULES not in files:
        return
    pack = read_toml(files, DESTINATION_RULES)
    rules, kinds = list(pack.records("rules")), list(pack.records("alternatives"))
    (directory,) = pack.records("directory")
    pack.check_no_others()
    for order, record in enumerate(rules):
        yield _checked(record, destinations.RULE_PREFIX, "code", destinations.rule_of, {"order": order})
    for record in kinds:
        yield _checked(record, destinations.KIND_PREFIX, "kind", destinations.kind_of, {})
    for table, name in ((rules, "code"), (kinds, "kind")):
        check_distinct(DESTINATION_RULES, name, (record.text(name) for record in table))
    yield _signed_policy(directory, destinations.DIRECTORY, {"places": tuple(_alternatives(files))})
    directory.check_no_others()
    yield from _answers(files)


def _answers(files: Mapping[str, bytes]) -> Iterator[Policy]:
    """What somebody answered about the role of a site or about an alternative: each a policy of its own."""
    if ANSWERS not in files:
        return
    pack = read_toml(files, ANSWERS)
    records = list(pack.records("answers"))
    pack.check_no_others()
    for record in records:
        name = record.matching("name", r"[A-Za-z0-9_-]{3,60}", "letters, digits and underscores")
        policy = _signed_policy(record, name, record.table("values"))
        record.check_no_others()
        try:
            if name.startswith(destination_answers.ROLE_PREFIX):
                destination_answers.role_of(policy)
            elif name.startswith(destinations.PLACE_PREFIX):
                destinations.place_of(policy)
            else:
                raise ValueError("name: it is no answer about a role or an alternative")
        except ValueError as problem:
            field, _, why = str(problem).partition(": ")
            raise record.refuse(field, f"{why}.", "Correct it.") from None
        yield policy
    check_distinct(ANSWERS, "name", (record.text("name") for record in records))


def _checked(record: Record, prefix: str, name: str, make: Any, more: Mapping[str, Any]) -> Policy:
    code = record.matching(name, r"[a-z][a-z0-9_]*", "small letters, digits and underscores")
    values = {key: value for key, value in record.values.items() if key not in (*SIGNATURE, name)}
    policy = _signed_policy(record, f"{prefix}{code}", {**values, **more})
    try:
        make(policy)
    except ValueError as problem:
        field, _, why = str(problem).partition(": ")
        raise record.refuse(field, f"{why}.", "Correct it.") from None
    return policy


def _signed_policy(record: Record, name: str, values: Mapping[str, Any]) -> Policy:
    return Policy(
        name=name,
        valid_from=record.date("valid_from"),
        source=record.text("source"),
        owner=record.text("owner"),
        review_on=record.date("review_on"),
        mark=record.word("mark", Mark),
        values=frozen(dict(values)),
    )


def _alternatives(files: Mapping[str, bytes]) -> Iterator[Mapping[str, Any]]:
    if ALTERNATIVES not in files:
        return
    for row in csv_rows(files, ALTERNATIVES, ALTERNATIVE_COLUMNS):
        values: dict[str, Any] = {name: row.optional(name) for name in ALTERNATIVE_COLUMNS}
        confirmed = values["confirmed"]
        if confirmed not in ("yes", "no"):
            raise row.refuse("confirmed", f"Expected yes or no, found {confirmed!r}.", "Write yes or no.")
        values["confirmed"] = confirmed == "yes"
        _hours(row)
        for name, low, high in (
            ("latitude", -90, 90),
            ("longitude", -180, 180),
            ("capacity_per_hour", 0, 1000),
        ):
            values[name] = row.number(name, low, high) if values[name] else None
        values = {name: value for name, value in values.items() if value is not None}
        try:
            destinations.alternative_of(values)
        except ValueError as problem:
            field, _, why = str(problem).partition(": ")
            raise row.refuse(field, f"{why}.", "Correct it.") from None
        yield MappingProxyType(values)


def _check_alternatives(region: Region) -> None:
    """Every row of the directory is of a kind that the rules know, and its code is no other place's."""
    kinds = destinations.kinds_of(region.policies)
    try:
        listed = destinations.directory_of(region.policies, region.sites, kinds)
    except ValueError as problem:
        raise CannotParse(ALTERNATIVES, f"{problem}.", "Correct the row.") from None
    units = {site.code for site in region.sites_of(SiteKind.MINOR_UNIT)}
    check_distinct(ALTERNATIVES, "code", (each.code for each in listed))
    others = {site.code for site in region.sites} - units
    if taken := others & {each.code for each in listed}:
        raise CannotParse(ALTERNATIVES, f"{min(taken)} is the code of another place.", "Make it unique.")


def _policy(record: Record) -> Policy:
    policy = Policy(
        name=record.matching("name", r"[a-z][a-z0-9_]*", "small letters, digits and underscores"),
        valid_from=record.date("valid_from"),
        source=record.text("source"),
        owner=record.text("owner"),
        review_on=record.date("review_on"),
        mark=record.word("mark", Mark),
        values=record.table("values"),
    )
    record.check_no_others()
    return policy


def _timezone(pack: Record) -> str:
    name = pack.text("timezone")
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise pack.refuse("timezone", f"{name!r} is no time zone.", 'Use one like "Europe/London".') from None


def _simulation(files: Mapping[str, bytes]) -> Mapping[str, Any]:
    if "simulation.toml" not in files:
        return MappingProxyType({})
    return frozen(read_toml(files, "simulation.toml").values)
