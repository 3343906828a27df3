// Advice for one crew: letters tick needs while the form or an answer has the focus, the answer follows at once,
// and Enter accepts the first answer. W goes to NEWS2; Enter there leads to what may be accepted. Without this script "Ask again" does the same.
import { page } from "./served.js";

const area = document.querySelector("[data-advice]");
const form = area?.querySelector("[data-asked]");
let latest = 0;

function address() {
  const query = new URLSearchParams(new FormData(form));
  return `${form.action}?${query}`;
}

async function ask({ leads = false } = {}) {
  const mine = ++latest;
  const old = area.querySelector("[data-answer]");
  const had = leads || old.contains(document.activeElement) || document.activeElement === document.body;
  old.setAttribute("aria-busy", "true");
  old.querySelectorAll("button").forEach((button) => { button.disabled = true; });
  const answer = await fetch(`${address()}&part=answer`).catch(() => null);
  if (mine !== latest) return;
  if (!answer || answer.redirected || answer.status >= 500) {
    location.assign(address()); // the whole page says what is wrong
    return;
  }
  const fresh = page(await answer.text()).querySelector("[data-answer]");
  if (mine !== latest || !fresh) return;
  const now = document.adoptNode(fresh);
  now.querySelector("[name=query]")?.setAttribute("value", new URLSearchParams(new FormData(form)).toString());
  old.replaceWith(now);
  if (had) now.querySelector("[data-accept]")?.focus();
  history.replaceState(null, "", address());
  document.getElementById("announcer").textContent = now.querySelector("h2").textContent;
}

function typing(target) {
  return target.matches("select, textarea, input:not([type=checkbox])");
}

function letter(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) return;
  const inside = area.contains(event.target) || event.target === document.body;
  if (!inside) return;
  const box = form.querySelector(`[data-letter="${event.key.toLowerCase()}"]`);
  const choose = area.querySelector(`[data-choose="${event.key}"]`);
  const field = form.querySelector(`[data-focus="${event.key.toLowerCase()}"]`);
  if (field) {
    event.preventDefault();
    field.select();
  } else if (box) {
    event.preventDefault();
    box.checked = !box.checked;
    ask();
  } else if (choose) {
    event.preventDefault();
    pick(choose);
  }
}

// Another place needs a reason: the list of reasons takes the focus, and choosing one sends it.
function pick(button) {
  const reason = area.querySelector("[data-reason]");
  if (reason.value) {
    button.click();
    return;
  }
  reason.dataset.then = button.value;
  reason.focus();
}

if (form) {
  document.addEventListener("keydown", letter);
  form.addEventListener("change", () => ask());
  form.addEventListener("submit", (event) => { event.preventDefault(); ask({ leads: true }); });
  area.addEventListener("click", (event) => {
    const button = event.target.closest("[data-choose]");
    if (!button || area.querySelector("[data-reason]").value) return;
    event.preventDefault();
    pick(button);
  });
  area.addEventListener("keydown", (event) => {
    const reason = event.target.closest("[data-reason]");
    if (!reason || event.key !== "Enter" || !reason.value || !reason.dataset.then) return;
    event.preventDefault();
    area.querySelector(`[data-choose][value="${CSS.escape(reason.dataset.then)}"]`).click();
  });
}
