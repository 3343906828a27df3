// Shortcuts use Ctrl or Alt, never a single letter: those fight voice input. An element names its own in data-chord.
// Where every row of a list names the same one, it is that of the row with the focus, else that of the first row.
function pressed(event) {
  const key = event.code.startsWith("Digit") ? event.code.slice(5) : event.key.length === 1 ? event.key.toUpperCase() : event.key;
  return [event.ctrlKey && "Ctrl", event.altKey && "Alt", key].filter(Boolean).join("+");
}

export function startShortcuts(root) {
  root.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.altKey) || event.metaKey) return;
    const chord = pressed(event);
    const named = [...root.querySelectorAll("[data-chord]")].filter((element) => element.dataset.chord === chord);
    const row = document.activeElement?.closest("tr");
    const target = named.find((element) => row?.contains(element)) ?? named[0];
    if (!target) return;
    event.preventDefault();
    if (target.matches("input, textarea, select")) target.focus();
    else target.click();
  });
}
