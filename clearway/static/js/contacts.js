// Says what the two letters mean as they are typed, before Enter records them.
const field = document.querySelector("[data-letters]");
const said = document.getElementById(field?.dataset.letters);
const lists = [...document.querySelectorAll(".letters dl")];

function say() {
  const letters = field.value.toLowerCase().replaceAll(/\s/g, "");
  const meant = lists.map((list, place) => {
    for (const each of list.querySelectorAll("dd")) each.classList.toggle("typed", Boolean(letters[place]) && each.dataset.letter === letters[place]);
    return list.querySelector(".typed")?.lastChild.textContent.trim() ?? "";
  });
  said.textContent = meant.filter(Boolean).join(": ");
}

field?.addEventListener("input", say);
if (field) say();
