// A number key ticks the slot of that number, Enter sends the form. Without this script the mouse or Tab does it.
const form = document.querySelector("[data-choose]");

function typing(target) {
  return target.matches("select, textarea, input:not([type=radio]):not([type=checkbox])");
}

if (form) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) return;
    const input = form.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!input) return;
    event.preventDefault();
    input.checked = input.type === "radio" || !input.checked;
    input.focus();
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("input[name=slot]")) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector("button[name=what]"));
  });
}
