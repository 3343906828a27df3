// A sheet of outcomes by keyboard: a letter chooses, digits are the weeks, Enter goes on to the next row.
// The letters work only while the field of a row has the focus, and without this the same form is filled by hand.
// Digits are weeks, the last three of them; after an x or g they count the visits of a course or class.
const typedAfter = (was, digit) => (/[xg]/.test(was) ? (was + digit).slice(0, 6) : (was + digit).slice(-3));
for (const form of document.querySelectorAll("[data-sheet]")) {
  const fields = [...form.querySelectorAll("[data-said]")];
  const save = form.querySelector("[data-save]");
  const weeksOf = (field) => form.elements[field.name.replace("said-", "weeks-")];
  const after = (field) => fields[fields.indexOf(field) + 1] ?? save;
  const before = (field) => fields[fields.indexOf(field) - 1] ?? field;

  const mark = (field) => {
    const row = field.closest("tr");
    row.classList.toggle("said-so", field.value !== "");
    row.querySelector("[data-cancelled]").hidden = !["c", "p"].includes(field.value); // asked of cancellations only
  };
  for (const field of fields) {
    mark(field);
    field.addEventListener("change", () => mark(field));
    field.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const key = event.key.toLowerCase();
      if (key === "enter") after(field).focus();
      else if (key === "arrowdown" && !field.matches(":open")) after(field).focus();
      else if (key === "arrowup" && !field.matches(":open")) before(field).focus();
      else if (/^\d$/.test(key)) weeksOf(field).value = typedAfter(weeksOf(field).value, key);
      else if (/^[xg]$/.test(key) && /^\d+$/.test(weeksOf(field).value)) weeksOf(field).value += key; // a course
      else if (key === "backspace") [field.value, weeksOf(field).value] = ["", ""];
      else if (key.length === 1 && [...field.options].some((option) => option.value === key)) {
        [field.value, weeksOf(field).value] = [key, ""];
      } else return;
      event.preventDefault();
      mark(field);
    });
  }
  for (const weeks of form.querySelectorAll("[data-weeks]")) {
    weeks.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      after(form.elements[weeks.name.replace("weeks-", "said-")]).focus();
    });
  }
  const first = fields.find((field) => field.getAttribute("aria-invalid")) ?? fields[0];
  first?.focus({ preventScroll: true });
}
