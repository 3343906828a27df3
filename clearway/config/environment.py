"""Every setting that the environment can give, in one table: what it means and what holds without it."""

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass

PREFIX = "CLEARWAY_"


@dataclass(frozen=True)
class Variable:
    """One setting. `secret` ones are never shown."""

    what: str
    default: str
    secret: bool = False


VARIABLES = {
    "CLEARWAY_HOME": Variable(
        "Folder of everything that Clearway keeps: the embedded database, logs, keys.",
        "var/ beside the code, else ~/.clearway",
    ),
    "DATABASE_URL": Variable(
        "PostgreSQL run by somebody else, as postgresql://user@host/name?sslmode=verify-full.",
        "an embedded PostgreSQL",
        secret=True,
    ),
    "CLEARWAY_DATABASE_URL": Variable(
        "The same for the owner of the tables, who migrates.", "DATABASE_URL", secret=True
    ),
    "CLEARWAY_WEB_DATABASE_URL": Variable("The same for web and workers.", "DATABASE_URL", secret=True),
    "CLEARWAY_INGEST_DATABASE_URL": Variable("The same for ingest.", "DATABASE_URL", secret=True),
    "CLEARWAY_PROCESS": Variable(
        "Kind of this process: web, ingest, worker or owner; the commands set it.", "owner"
    ),
    "CLEARWAY_SECRET_KEY": Variable("Key that signs sessions; 50 characters or more.", "none", secret=True),
    "CLEARWAY_SUPERVISED": Variable(
        "1 where a supervisor runs the database: the process never starts one; the demo sets it.",
        "not set",
    ),
    "CLEARWAY_SECRET_KEY_FILE": Variable("File that holds that key.", "secret-key in CLEARWAY_HOME"),
    "CLEARWAY_SECOND_FACTOR": Variable(
        "Who needs a second factor: none; privileged (who administers people, or reads or reviews the audit, "
        "needs a passkey for that); everybody (and those a passkey). The demo sets none.",
        "privileged",
    ),
    "CLEARWAY_FACTOR_KEY": Variable(
        "Keys that seal the secrets of authenticator apps, the newest first, with spaces between; "
        "32 characters or more each.",
        "CLEARWAY_FACTOR_KEY_FILE",
        secret=True,
    ),
    "CLEARWAY_FACTOR_KEY_FILE": Variable(
        "File that holds these keys, one a line, the newest first; read each time.",
        "factor-key in CLEARWAY_HOME",
    ),
    "CLEARWAY_ALLOWED_HOSTS": Variable(
        "Names under which people reach the desks, with commas between.", "localhost,127.0.0.1,[::1]"
    ),
    "CLEARWAY_TRUSTED_ORIGINS": Variable(
        "Addresses that may send forms, such as https://clearway.example, with commas between.", "none"
    ),
    "CLEARWAY_HTTPS": Variable("1 when people come by https: cookies then never travel without it.", "0"),
    "CLEARWAY_DRIVE_TIMES": Variable(
        "File of drive times that tools/drive_times.py has made.", "the one that set-up keeps in the package"
    ),
    "CLEARWAY_ROAD_GRAPH": Variable(
        "File of the road graph that `clearway roads graph` has made.", "roads.npz in CLEARWAY_HOME"
    ),
    "CLEARWAY_NOTIFY_KEY": Variable(
        "API key of the trust's service at GOV.UK Notify: texts and emails leave through it.",
        "none: patients get letters and calls",
        secret=True,
    ),
    "CLEARWAY_NOTIFY_ADDRESS": Variable(
        "Address of Notify, or of what behaves like it.", "https://api.notifications.service.gov.uk"
    ),
    "CLEARWAY_NOTIFY_TEXT": Variable("Id of the template for texts, one field: ((body)).", "no texts"),
    "CLEARWAY_NOTIFY_EMAIL": Variable(
        "Id of the template for emails, two fields: ((subject)) and ((body)).", "no emails"
    ),
    "CLEARWAY_CALLBACK_KEY": Variable(
        "Key with which the local provider of the demo tells what became of messages; the demo sets it.",
        "none",
        secret=True,
    ),
    "CLEARWAY_PATIENT_ADDRESS": Variable(
        "Address under which patients reach their page, as https://clinics.example.",
        "none: texts and letters carry no link",
    ),
    "CLEARWAY_DOWNTIME_FOLDERS": Variable(
        "Folders for downtime packs, with commas between; two or more, off this machine.",
        "none: no packs are written",
    ),
    "CLEARWAY_DOWNTIME_PASSPHRASE_FILE": Variable(
        "File that holds the passphrase of the packs: 16 characters or more.",
        "CLEARWAY_DOWNTIME_PASSPHRASE",
    ),
    "CLEARWAY_DOWNTIME_PASSPHRASE": Variable("That passphrase itself.", "none", secret=True),
    "CLEARWAY_AUDIT_PLACES": Variable(
        "Places outside the database that are told of each seal of the audit, with commas between: "
        "folder:PATH, syslog:/dev/log, syslog:tcp:HOST:PORT, syslog:udp:HOST:PORT, paper:PATH.",
        "none: a cut or rebuilt audit cannot be told from a whole one",
    ),
    "CLEARWAY_AUDIT_KEY_FILE": Variable(
        "File of the key that signs these checkpoints, made where it is missing.",
        "audit-key in CLEARWAY_HOME",
    ),
    "CLEARWAY_OPENID_ISSUER": Variable(
        "Issuer of the OpenID provider through which people sign in, exactly as the provider writes it.",
        "none: people sign in with local accounts",
    ),
    "CLEARWAY_OPENID_CLIENT_ID": Variable("Our id at that provider.", "none"),
    "CLEARWAY_OPENID_KEY_FILE": Variable(
        "File of our private keys for it, PEM; the first signs, the public halves of all are published.",
        "none",
    ),
    "CLEARWAY_OPENID_ACCESS_FILE": Variable(
        "File that says which claims give which role where, TOML; what it does not name gives nothing.",
        "none",
    ),
    "CLEARWAY_OPENID_ADDRESS": Variable(
        "Address under which people reach the desks, as https://clearway.example, for coming back.", "none"
    ),
    "CLEARWAY_OPENID_NAME": Variable(
        "What people call the provider; it stands on the button.", "your trust's provider"
    ),
    "CLEARWAY_OPENID_SCOPE": Variable("Scopes that are asked for, with spaces between.", "openid profile"),
    "CLEARWAY_METRICS_TOKEN": Variable(
        "Bearer token that /metrics asks for.", "none: only this machine may read it", secret=True
    ),
}


def openid(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The provider through which people sign in, as the environment names it; no issuer: local accounts."""
    usual = {"name": "your trust's provider", "scope": "openid profile"}
    names = ("issuer", "client_id", "key_file", "access_file", "address", "name", "scope")
    return {name: environment.get(f"{PREFIX}OPENID_{name.upper()}") or usual.get(name, "") for name in names}


def unknown(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Variables with our prefix that mean nothing, each with the nearest one that does, or ""."""
    # Compared without the prefix, which would make any two of them look alike.
    known = {name.removeprefix(PREFIX): name for name in VARIABLES if name.startswith(PREFIX)}
    found = {}
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in VARIABLES:
            near = difflib.get_close_matches(name.removeprefix(PREFIX), known, n=1)
            found[name] = known[near[0]] if near else ""
    return found


def page() -> str:
    """The reference page of the settings, as Markdown."""
    rows = [f"| `{name}` | {variable.what} | {variable.default} |" for name, variable in VARIABLES.items()]
    return "\n".join(
        [
            "# Settings",
            "",
            "Generated from the code by `make reference`. `clearway config` shows the values in force.",
            "",
            "| variable | meaning | without it |",
            "| --- | --- | --- |",
            *rows,
            "",
        ]
    )
