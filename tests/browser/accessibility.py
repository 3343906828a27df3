"""What WCAG 2.2 AA finds wrong with a page, as far as a machine can find it."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "resultTypes": ["violations"],  # what is in order need not be described node by node
}


def breaches(page: Page) -> list[str]:
    """One line for every rule that is broken, with the first places."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{each['id']}: {each['help']}: {[node['target'] for node in each['nodes'][:3]]}" for each in found
    ]
