// Arrow keys move between the buttons of the arrivals; Enter, as on any button, checks in.
// After a check-in the row has the focus and not its button: a second Enter takes nothing back.
for (const table of document.querySelectorAll("[data-arrivals]")) {
  table.addEventListener("keydown", (event) => {
    if (!["ArrowDown", "ArrowUp"].includes(event.key) || !event.target.matches("button, tr")) return;
    const buttons = [...table.querySelectorAll("button")];
    const from = buttons.indexOf(event.target.closest("tr").querySelector("button"));
    const next = buttons[from + (event.key === "ArrowDown" ? 1 : -1)];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}
