"""What WCAG 2.2 AA finds wrong with a page, as far as a machine can find it."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "resultTypes": ["violations"],  # what is in order need not be described node by node
}

# A board has hundreds of rows and a dozen kinds of them. Two of each kind stay: the one is striped, the
# other is not. A kind is all that a rule can see but the words: tags, classes, names of attributes, colours,
# and whether there are words at all. Returns the identities that stand twice, over every row.
TAKE_AWAY_WHAT_IS_ALIKE = """() => {
    const told = new Set(['class', 'role', 'type', 'style', 'scope', 'lang', 'tabindex', 'fill', 'stroke']);
    const said = (each) => [...each.attributes]
        .map(({name, value}) => name + (told.has(name) || !value.trim() ? '=' + value : ''))
        .sort().join(' ');
    const words = (each) => [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const kind = (each) => [each, ...each.querySelectorAll('*')]
        .map((part) => `${part.tagName} ${part.childElementCount} ${words(part)} ${said(part)}`).join('|');
    const met = new Map();
    for (const row of document.querySelectorAll('main tbody, main tr, main li, main option, main svg > *')) {
        const key = `${row.parentElement.tagName}.${row.parentElement.className} ${kind(row)}`;
        met.set(key, (met.get(key) || 0) + 1);
        if (met.get(key) > 2) row.dataset.alike = '';
    }
    for (const row of document.querySelectorAll('[data-alike]')) {
        row.style.setProperty('display', 'none', 'important');
    }
    const names = [...document.querySelectorAll('[id]')].map((each) => each.id);
    return names.filter((name, place) => names.indexOf(name) !== place);
}"""
GIVE_BACK = """() => {
    for (const row of document.querySelectorAll('[data-alike]')) {
        row.style.removeProperty('display');
        delete row.dataset.alike;
    }
}"""


def breaches(page: Page) -> list[str]:
    """One line for every rule that is broken, once the page and its styles are there."""
    page.wait_for_load_state("load")
    twice = page.evaluate(TAKE_AWAY_WHAT_IS_ALIKE)
    found = Axe().run(page, options=RULES).response["violations"]
    page.evaluate(GIVE_BACK)
    return [f"one id names two things: {name}" for name in twice] + [
        f"{each['id']}: {each['help']}: {[node['target'] for node in each['nodes'][:3]]}" for each in found
    ]
