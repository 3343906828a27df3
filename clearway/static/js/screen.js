// A page on a wall asks every few seconds what it should show, and loads anew where that differs: nobody stands
// there to press a key. A server that does not answer is asked again; the page says itself how old it is.
const EVERY = 5_000; // milliseconds while it waits for somebody at a desk
const EVERY_ON = 20_000; // and while it shows a board
const ANEW = 3_600_000; // a board is loaded anew so often, for a newer key and for hospitals that are new

const COOKIE_LIFE = 540_000; // of a code that is new; that it is unknown before says that the browser keeps no cookies

export function startScreen(root) {
  const shown = root.body.dataset.screen;
  const begun = Date.now();
  const age = () => Date.now() - begun;
  let isEnded = false; // its stream was refused; where the screen still counts, a page made anew has another

  async function look() {
    const headers = { "X-Clearway-Background": "1" };
    const answer = await fetch("/screen/state/", { cache: "no-store", headers }).catch(() => null);
    if (!answer?.ok) return;
    const { state } = await answer.json();
    if (state === "new" && root.body.dataset.code === "new" && age() < COOKIE_LIFE) return sayNoCookies(root);
    const isStale = shown === "on" && age() > (isEnded ? EVERY_ON : ANEW);
    if (state !== shown || isStale) root.defaultView.location.reload();
  }

  setInterval(look, shown === "on" ? EVERY_ON : EVERY);
  root.addEventListener("clearway:ended", () => {
    isEnded = true;
    look();
  });
}

// Another code each time would let nobody enter one.
function sayNoCookies(root) {
  root.getElementById("code").hidden = true;
  root.getElementById("no-cookies").hidden = false;
}

startScreen(document);
