"""Django's settings. What a deployment may change comes from the environment."""

import os
from pathlib import Path

from csp.constants import NONCE, SELF

from . import environment, logs, regions, stopwatch
from .database import databases, home

PACKAGE = Path(__file__).resolve().parents[1]
HOME = home(os.environ)
PROCESS = os.environ.get("CLEARWAY_PROCESS", "owner")

DEBUG = False
SECRET_KEY_FILE = Path(os.environ.get("CLEARWAY_SECRET_KEY_FILE", HOME / "secret-key"))
SECRET_KEY = os.environ.get("CLEARWAY_SECRET_KEY") or (
    SECRET_KEY_FILE.read_text().strip() if SECRET_KEY_FILE.exists() else ""
)
# The keys that seal secrets of second factors are of their own, and read each time (core/factors/sealing.py).
FACTOR_KEY = os.environ.get("CLEARWAY_FACTOR_KEY", "")
FACTOR_KEY_FILE = os.environ.get("CLEARWAY_FACTOR_KEY_FILE", str(HOME / "factor-key"))
# Who needs a second factor: "none", "privileged" or "everybody". Anything else asks the most.
SECOND_FACTOR = os.environ.get("CLEARWAY_SECOND_FACTOR", "privileged")
ALLOWED_HOSTS = os.environ.get("CLEARWAY_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("CLEARWAY_TRUSTED_ORIGINS", "").split(",") if o]

DRIVE_TIMES = Path(os.environ.get("CLEARWAY_DRIVE_TIMES", PACKAGE / "_vendor" / "drive_times.npz"))
ROAD_GRAPH = Path(os.environ.get("CLEARWAY_ROAD_GRAPH", HOME / "roads.npz"))

NOTIFY_KEY = os.environ.get("CLEARWAY_NOTIFY_KEY", "")
NOTIFY_ADDRESS = os.environ.get("CLEARWAY_NOTIFY_ADDRESS", "https://api.notifications.service.gov.uk")
_TEMPLATES = {name: os.environ.get(f"CLEARWAY_NOTIFY_{name.upper()}", "") for name in ("text", "email")}
# Channel -> template at the provider, of the channels that a provider is connected for.
NOTIFY_TEMPLATES = {name: template for name, template in _TEMPLATES.items() if template and NOTIFY_KEY}
PATIENT_ADDRESS = os.environ.get("CLEARWAY_PATIENT_ADDRESS", "").rstrip("/")

DOWNTIME_FOLDERS = [each for each in os.environ.get("CLEARWAY_DOWNTIME_FOLDERS", "").split(",") if each]
DOWNTIME_PASSPHRASE_FILE = os.environ.get("CLEARWAY_DOWNTIME_PASSPHRASE_FILE", "")
DOWNTIME_PASSPHRASE = os.environ.get("CLEARWAY_DOWNTIME_PASSPHRASE", "")

AUDIT_KEY_FILE = Path(os.environ.get("CLEARWAY_AUDIT_KEY_FILE", HOME / "audit-key"))
AUDIT_PLACES = [each for each in os.environ.get("CLEARWAY_AUDIT_PLACES", "").split(",") if each]
OPENID = environment.openid()  # the provider through which people sign in

STILL_TIME = stopwatch.still_time  # the one clock that a rehearsal may ask
REGION_PACKS = regions.find  # the files of an organisation's pack, by its slug

INSTALLED_APPS = [
    "clearway.core",
    "clearway.desks.ambulance",
    "clearway.desks.outpatients",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "axes",
]

# Where systems deliver nobody signs in: a cookie is not looked at, and the tables of people are not read.
INGEST_MIDDLEWARE = [
    "clearway.config.logs.request_line",
    "clearway.config.headers.hardened",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.common.CommonMiddleware",
    "clearway.core.layout.readable.without_nul",
]
WEB_MIDDLEWARE = [
    "clearway.config.logs.request_line",
    "clearway.config.headers.hardened",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # pads each answer by chance, so that its length tells nothing
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "clearway.core.people.middleware.WhoAndWhen",
    "clearway.core.layout.readable.without_nul",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "axes.middleware.AxesMiddleware",
]

MIDDLEWARE = INGEST_MIDDLEWARE if PROCESS == "ingest" else WEB_MIDDLEWARE
ROOT_URLCONF = "clearway.gateway.urls" if PROCESS == "ingest" else "clearway.config.urls"
DATABASES = databases()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = ["clearway.config.passwords.Argon2"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_LOCKOUT_CALLABLE = "clearway.core.people.views.locked_out"
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in/"
SESSION_COOKIE_AGE = 12 * 60 * 60  # seconds: a shift
SESSION_IDLE_SECONDS = 30 * 60
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = os.environ.get("CLEARWAY_HTTPS", "") == "1"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [],
        "APP_DIRS": False,
        "OPTIONS": {
            "environment": "clearway.core.layout.environment.environment",
            "context_processors": ["clearway.core.repeats.keys.hidden"],
        },
    },
]

# The pages: label, named view, permission to see it, shortcut. Each part adds its own line. The first with a
# shortcut that a person may see stand in the top bar, the others under More.
IN_THE_BAR = 8
NAVIGATION: list[tuple[str, str, str, str]] = [
    ("Handovers", "handovers:board", "handovers.read", "Alt+1"),
    ("Resources", "resources:board", "resources.read", "Alt+2"),
    ("Advice", "advice:board", "advice.read", "Alt+5"),
    ("Delays", "delays:board", "resources.read", "Alt+Y"),
    ("Unavailable", "unavailability:list", "resources.read", "Alt+U"),
    ("Breaks", "breaks:board", "breaks.read", "Alt+B"),
    ("Hospitals", "liaison:reports", "hospitals.say", "Alt+6"),
    ("Map", "map:region", "map.read", "Alt+3"),
    ("Roads", "travel:roads", "roads.read", "Alt+R"),
    ("Wallboard", "handovers:wallboard", "handovers.read", "Alt+4"),
    ("Cover", "coverage:board", "cover.read", ""),
    ("Unit-hours", "rosters:hours", "cover.read", ""),
    ("Rosters", "rosters:list", "cover.read", ""),
    ("Barriers", "barriers:list", "resources.read", ""),
    ("Record a contact", "contacts:new", "contacts.write", "Alt+M"),
    ("Contacts", "contacts:list", "contacts.read", ""),
    ("Messages of the desk", "desk-messages:list", "desk_messages.answer", ""),
    ("Write a message", "desk-messages:new", "desk_messages.send", ""),
    ("Raise a safeguarding concern", "safeguarding:new", "safeguarding.raise", ""),
    ("Safeguarding concerns", "safeguarding:list", "safeguarding.raise", ""),
    ("By hand", "downtime:board", "downtime.read", "Alt+J"),
    ("STACK reports", "delays:reports", "resources.read", ""),
    ("Wrap-up", "delays:wrap-up", "resources.read", ""),
    ("Releases", "release:board", "handovers.read", ""),
    ("At a hospital", "door:choose", "handovers.read", ""),
    ("Figures of releases", "release:figures", "handovers.read", ""),
    ("Pressure", "pressure:list", "pressure.read", ""),
    ("Shift", "command:shift", "command.read", ""),
    ("Escalation calls", "command:calls", "command.read", ""),
    ("Major incident (METHANE)", "command:major", "command.read", ""),
    ("Situation reports", "command:sitreps", "command.read", ""),
    ("Meeting packs", "command:packs", "command.read", ""),
    ("Forecast", "forecast:board", "forecast.read", ""),
    ("Onward requests", "onward:sent", "onward.read", "Alt+N"),
    ("Diverts", "diverts:diverts", "diverts.read", ""),
    ("What advice was worth", "advice:worth", "advice.read", ""),
    ("Destinations", "advice:destinations", "advice.read", ""),
    ("What destinations can do", "destinations:confirm", "advice.read", ""),
    ("Today", "op-today:today", "outpatients.read", "Alt+0"),
    ("Patients", "op-patients:search", "patients.read", "Alt+P"),
    ("Practices", "op-directory:search", "patients.read", ""),
    ("Referrals", "op-referrals:ledger", "referrals.read", "Alt+7"),
    ("Asked by other desks", "op-onward:come", "referrals.read", ""),
    ("Triage", "op-referrals:triage", "referrals.read", "Alt+8"),
    ("Missing from referrals", "op-referrals:gaps", "referrals.read", ""),
    ("Waiting list", "op-waiting:list", "waiting.read", "Alt+L"),
    ("Cash up", "op-outcomes:clinics", "outcomes.write", "Alt+O"),
    ("After a miss", "op-outcomes:misses", "misses.read", ""),
    ("Reception", "op-reception:arrivals", "reception.work", ""),
    ("Support at visits", "op-support:coming", "reception.work", ""),
    ("List checks", "op-waiting:validation", "waiting.read", ""),
    ("Still needed?", "op-waiting:asking", "waiting.read", ""),
    ("Partial booking", "op-waiting:partial", "waiting.read", ""),
    ("Freed slots", "op-recycling:freed", "bookings.read", ""),
    ("Reminders", "op-reminders:reminders", "bookings.read", ""),
    ("Who might not come", "op-attendance:list", "bookings.read", ""),
    ("Conversations", "op-conversations:register", "conversations.read", ""),
    ("Cancelled clinics", "op-replanning:register", "bookings.read", ""),
    ("Capacity", "op-waiting:capacity", "waiting.read", ""),
    ("Performance", "op-performance:overview", "performance.read", ""),
    ("Diary", "op-clinics:diary", "clinics.read", "Alt+C"),
    ("Clinics", "op-clinics:clinics", "clinics.read", ""),
    ("Leave", "op-clinics:leave", "clinics.read", ""),
    ("Office", "op-office:office", "office.read", "Alt+K"),
    ("Legal holds", "op-keeping:holds", "holds.read", ""),
    ("Reports", "op-reports:register", "reports.read", ""),
    ("Take a call", "op-enquiries:take", "enquiries.work", "Alt+M"),
    ("Messages", "op-enquiries:messages", "messages.answer", ""),
    ("Outbox", "op-letters:outbox", "letters.read", ""),
    ("Print and post", "op-letters:print", "letters.read", ""),
    ("Texts of letters", "op-letters:texts", "letters.read", ""),
    ("Report a concern", "concerns:report", "concerns.report", ""),
    ("Concerns", "concerns:list", "concerns.report", ""),
    ("Recurring duties", "recurring:register", "duties.read", ""),
    ("Decisions", "decisions:log", "decisions.read", ""),
    ("Write a decision", "decisions:new", "decisions.write", "Alt+D"),
    ("Alarm budget", "tasks:budget", "budget.read", ""),
    ("Data quality", "quality:findings", "quality.read", "Alt+Q"),
    ("Times to agree", "quality:hospital", "quality.answer", ""),
    ("Feeds", "gateway:account", "feeds.read", ""),
    ("Policies", "organisation:policies", "policies.read", ""),
    ("On call", "people:on-call", "on_call.read", ""),
    ("People", "people:people", "people.read", ""),
    ("Screens on walls", "screens:list", "screens.manage", ""),
    ("Your second factor", "factors:mine", "account.keep", ""),
    ("Audit", "audit:audit", "audit.read", ""),
    ("Looks to review", "audit:looks", "looks.review", ""),
]

# The headings of the menu More, by task: what stands under each, in the order of NAVIGATION.
MENU: dict[str, tuple[str, ...]] = {
    "Flow now": (
        *("handovers:board", "resources:board", "advice:board", "delays:board", "liaison:reports"),
        *("map:region", "travel:roads", "handovers:wallboard", "downtime:board", "delays:reports"),
        *("delays:wrap-up", "release:board", "door:choose", "diverts:diverts"),
    ),
    "Crews and cover": (
        *("unavailability:list", "breaks:board", "coverage:board", "rosters:hours", "rosters:list"),
        "barriers:list",
    ),
    "Calls and messages": (
        *("contacts:new", "contacts:list", "desk-messages:list", "desk-messages:new", "onward:sent"),
    ),
    "Pressure and command": (
        *("pressure:list", "command:shift", "command:calls", "command:major", "command:sitreps"),
        "command:packs",
    ),
    "Ahead and after": (
        *("release:figures", "forecast:board", "advice:worth", "advice:destinations"),
        "destinations:confirm",
    ),
    "Patients and referrals": (
        *("op-today:today", "op-patients:search", "op-referrals:ledger", "op-onward:come"),
        *("op-referrals:triage", "op-referrals:gaps", "op-directory:search"),
    ),
    "Waiting list": (
        *("op-waiting:list", "op-waiting:validation", "op-waiting:asking", "op-waiting:partial"),
        *("op-waiting:capacity", "op-performance:overview"),
    ),
    "Clinics": (
        *("op-recycling:freed", "op-reminders:reminders", "op-attendance:list", "op-replanning:register"),
        *("op-clinics:diary", "op-clinics:clinics", "op-clinics:leave"),
    ),
    "On the day": (
        *("op-outcomes:clinics", "op-outcomes:misses", "op-reception:arrivals", "op-support:coming"),
    ),
    "Office and letters": (
        *("op-conversations:register", "op-office:office", "op-keeping:holds", "op-reports:register"),
        *("op-enquiries:take", "op-enquiries:messages", "op-letters:outbox", "op-letters:print"),
        "op-letters:texts",
    ),
    "Safety and records": (
        *("safeguarding:new", "safeguarding:list", "concerns:report", "concerns:list"),
        *("recurring:register", "decisions:log", "decisions:new", "tasks:budget", "quality:findings"),
        "quality:hospital",
    ),
    "Setting up": (
        *("gateway:account", "organisation:policies", "people:on-call", "people:people"),
        *("screens:list", "factors:mine", "audit:audit", "audit:looks"),
    ),
}

# The page of one hospital, which the finder (Ctrl+K) lists by name: named view and permission to see it.
PLACES = ("handovers:hospital", "handovers.read")

LANGUAGE_CODE = "en-gb"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "Europe/London"

STATIC_URL = "/static/"
STATICFILES_DIRS = [PACKAGE / "static"]
STATIC_ROOT = HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Static files are served from where they lie when nobody has collected them (tests, a first look).
if not (STATIC_ROOT / "staticfiles.json").exists():
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    WHITENOISE_USE_FINDERS = True

LOGGING = logs.settings()

DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024  # bytes: one feed batch
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": [SELF],
        "frame-ancestors": ["'none'"],
        "require-trusted-types-for": ["'script'"],  # text becomes elements in static/js/served.js alone
        "trusted-types": ["clearway"],
    }
}
