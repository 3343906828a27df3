// A page on a wall asks every few seconds what it should show, and loads anew where that differs: nobody stands
// there to press a key. A server that does not answer is asked again; the page says itself how old it is.
const EVERY = 5_000; // milliseconds while it waits for somebody at a desk
const EVERY_ON = 20_000; // and while it shows a board
const ANEW = 3_600_000; // a board is loaded anew so often, for a newer key and for hospitals that are new

export function startScreen(root) {
  const shown = root.body.dataset.screen;
  const begun = Date.now();

  async function look() {
    const answer = await fetch("/screen/state/", { cache: "no-store" }).catch(() => null);
    if (!answer?.ok) return;
    const { state } = await answer.json();
    if (state !== shown || (shown === "on" && Date.now() - begun > ANEW)) root.defaultView.location.reload();
  }

  setInterval(look, shown === "on" ? EVERY_ON : EVERY);
  root.addEventListener("clearway:ended", look);
}

startScreen(document);
