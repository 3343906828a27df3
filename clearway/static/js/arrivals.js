// Arrow keys move between the buttons of the arrivals; Enter, as on any button, checks in.
for (const table of document.querySelectorAll("[data-arrivals]")) {
  table.addEventListener("keydown", (event) => {
    if (!["ArrowDown", "ArrowUp"].includes(event.key) || !event.target.matches("button")) return;
    const buttons = [...table.querySelectorAll("button")];
    const next = buttons[buttons.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1)];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}
