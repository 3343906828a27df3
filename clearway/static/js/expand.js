// Opening the vehicles of a hospital: the link works by itself; here it opens in place.
export function startExpanding(root) {
  root.addEventListener("click", (event) => {
    const link = event.target.closest("[data-expand]");
    if (!link) return;
    event.preventDefault();
    const open = link.closest("tbody").classList.toggle("open");
    link.setAttribute("aria-expanded", String(open));
  });
}

// A filter applies as soon as it is chosen; without script its button does it.
export function startFilters(root) {
  for (const form of root.querySelectorAll("form[data-auto]")) {
    form.addEventListener("change", () => form.requestSubmit());
  }
}
