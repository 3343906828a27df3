// Typed lines: the right arrow completes a word, what a line means is read back before it is sent, Enter goes on.
const PATIENCE = 150; // milliseconds without a key, before the server is asked what the line means

function completion(text, options) {
  const words = text.split(/\s+/);
  if (text === "" || /\s$/.test(text)) return "";
  const part = words.length === 1 ? 0 : words.length === 2 ? 1 : 2;
  const tail = part === 2 ? text.replace(/^\S+\s+\S+(\s+(left|at|on|to|handed|stood|cohort|booking|off)\b)?(\s+\d{1,2}:?\d{2})?\s+/i, "") : words.at(-1);
  const begun = tail.toLowerCase();
  if (!begun) return "";
  const found = options.find((each) => Number(each.dataset.part) === part && each.value.toLowerCase().startsWith(begun));
  return found && found.value.length > tail.length ? found.value.slice(tail.length) : "";
}

for (const form of document.querySelectorAll("[data-typed-line]")) {
  const line = form.elements.line;
  const preview = form.querySelector("[role=status]");
  const options = [...form.querySelectorAll("[data-completions] option")];
  let timer = 0;
  let asked = 0;
  const tell = async () => {
    const mine = ++asked;
    const text = line.value.trim();
    const rest = completion(line.value, options);
    if (!text) {
      preview.textContent = "";
      return;
    }
    const address = new URL(form.dataset.preview, location.href);
    address.searchParams.set("line", text);
    let said = "";
    try {
      const answer = await fetch(address);
      said = answer.ok ? await answer.text() : "";
    } catch {
      said = "The server does not answer; the line is kept.";
    }
    if (mine === asked) preview.textContent = (rest ? `→ ${line.value}${rest}. ` : "") + said;
  };
  line.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(tell, PATIENCE);
  });
  line.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowRight" || line.selectionStart !== line.value.length) return;
    const rest = completion(line.value, options);
    if (!rest) return;
    event.preventDefault();
    line.value += `${rest} `;
    line.dispatchEvent(new Event("input"));
  });
  if (line.value) tell();
}

for (const form of document.querySelectorAll("[data-many-lines]")) {
  const lines = [...form.querySelectorAll("input[name=line]")];
  const go = (place) => (lines[place] ? lines[place].focus() : undefined);
  lines.forEach((line, place) =>
    line.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || (event.key === "Enter" && place + 1 < lines.length && line.value.trim())) go(place + 1);
      else if (event.key === "ArrowUp") go(place - 1);
      else return;
      event.preventDefault();
    }),
  );
}
