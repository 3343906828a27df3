// Ctrl+K: every page, every action of this screen and every hospital that may be opened, by name; and the crews
// and tasks that the rows of this screen link to.
const LISTED = ".desk li:not(.small) > a, [data-command], .aside form button, main tbody th > a[href]:not([data-expand]), main td.main > a[href]";

function entries(root) {
  const places = root.getElementById("palette-places")?.content.querySelectorAll("a") ?? [];
  const named = new Set([...places].map((link) => link.textContent));
  const shown = [...root.querySelectorAll(LISTED)].filter((element) => !named.has(element.textContent.trim()));
  return [...shown, ...places].map((element) => ({
    element,
    label: element.dataset.command || [...element.childNodes].filter((n) => n.nodeType === 3 || n.className === "who").map((n) => n.textContent.trim()).join(" ").trim(),
    chord: element.dataset.chord || "",
  }));
}

function build(root) {
  const dialog = root.createElement("dialog");
  dialog.className = "palette";
  dialog.setAttribute("aria-labelledby", "palette-title");
  const title = root.createElement("h2");
  title.id = "palette-title";
  title.textContent = "Find a page, a hospital or an action";
  const input = root.createElement("input");
  Object.entries({ type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "palette-list", "aria-labelledby": "palette-title", autocomplete: "off", spellcheck: "false" })
    .forEach(([name, value]) => input.setAttribute(name, value));
  const list = root.createElement("ul");
  list.id = "palette-list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-labelledby", "palette-title");
  const hint = root.createElement("p");
  dialog.append(title, input, list, hint);
  root.body.append(dialog);
  return { dialog, input, list, hint };
}

export function startPalette(root) {
  const opener = root.querySelector("[data-palette]");
  if (!opener) return;
  opener.hidden = false;
  opener.dataset.chord = "Ctrl+K";
  let parts = null;
  let shown = [];
  let chosen = 0;

  function mark() {
    [...parts.list.children].forEach((item, place) => item.setAttribute("aria-selected", String(place === chosen)));
    const item = parts.list.children[chosen];
    parts.input.setAttribute("aria-activedescendant", item ? item.id : "");
    if (item) item.scrollIntoView({ block: "nearest" });
  }

  function list() {
    const words = parts.input.value.toLowerCase().split(/\s+/).filter(Boolean);
    shown = entries(root).filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)));
    chosen = 0;
    parts.list.replaceChildren(...shown.map(({ label, chord }, place) => {
      const item = root.createElement("li");
      item.id = `palette-${place}`;
      item.setAttribute("role", "option");
      item.append(label, Object.assign(root.createElement("kbd"), { textContent: chord.replace("+", " ") }));
      item.addEventListener("click", () => go(place));
      return item;
    }));
    parts.hint.textContent = shown.length ? "Arrow keys choose, Enter opens, Escape closes." : "Nothing has this name. Try fewer letters.";
    mark();
  }

  function go(place) {
    const entry = shown[place];
    parts.dialog.close();
    if (!entry) return;
    if (entry.element.matches("input, select, textarea")) entry.element.focus();
    else if (entry.element.isConnected) entry.element.click();
    else root.defaultView.location.assign(entry.element.href);
  }

  function keys(event) {
    if (event.key === "ArrowDown") chosen = Math.min(chosen + 1, shown.length - 1);
    else if (event.key === "ArrowUp") chosen = Math.max(chosen - 1, 0);
    else if (event.key === "Enter") go(chosen);
    else return;
    event.preventDefault();
    mark();
  }

  opener.addEventListener("click", () => {
    if (!parts) {
      parts = build(root);
      parts.input.addEventListener("input", list);
      parts.input.addEventListener("keydown", keys);
      parts.dialog.addEventListener("close", () => opener.focus());
    }
    parts.input.value = "";
    list();
    if (!parts.dialog.open) parts.dialog.showModal();
  });
}
