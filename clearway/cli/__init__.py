"""Every command of Clearway."""


def main() -> int:
    """Run the command named on the command line; returns its exit code."""
    raise SystemExit("No command yet.")
