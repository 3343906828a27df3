// The live stream: fragments that the server rendered once for everybody replace the element of the same name.
// Nothing under the pointer or the focus moves; what is new or sorts elsewhere waits behind one button.
import { clock, duration, serverNow, setServerTime, writeAges } from "./ages.js";
import { freshPage } from "./refresh.js";
import { fragment } from "./served.js";

const LOST_AFTER = 10_000; // milliseconds without a heartbeat
const SAY_EVERY = 10_000; // milliseconds between two spoken summaries
const RETRY_AFTER = 3_000;
const DRAWN_EVERY = 20_000; // rows of which only the first of an order are shown are fetched anew at most so often
const RELOAD_AFTER = 5_000; // a page that is told to start anew at once must not do so for ever

export function freshState(after = "0", beatAt = Date.now()) {
  return { after, beatAt, lost: false, ended: false, waiting: new Set(), gone: new Set(), say: new Map(), due: 0, drawnAt: 0, held: null };
}

export function startLive(root) {
  const { liveTopics, liveAfter, liveAddress } = root.body.dataset;
  const state = freshState(liveAfter, lastSign(root.body.dataset.beatAt));
  const address = `${liveAddress}?topics=${encodeURIComponent(liveTopics.trim())}`;

  function connect() {
    const stream = new EventSource(`${address}&after=${state.after}`);
    stream.addEventListener("beat", (event) => beat(root, state, JSON.parse(event.data).at));
    stream.addEventListener("push", (event) => {
      if (event.lastEventId) state.after = event.lastEventId;
      apply(root, state, { id: event.lastEventId, ...JSON.parse(event.data) });
    });
    stream.addEventListener("reset", () => startAnew(root.defaultView));
    stream.addEventListener("ended", () => {
      stream.close();
      end(root, state);
    });
    stream.addEventListener("error", () => {
      if (stream.readyState === EventSource.CLOSED) setTimeout(retry, RETRY_AFTER);
    });
  }

  // A refused stream does not say why: ask in words whether we are signed out or the server is away.
  async function retry() {
    const answer = await fetch(`${address}&probe=1`).catch(() => null);
    if (answer?.status === 403) end(root, state);
    else connect();
  }

  connect();
  watchBeat(root, state);
  setInterval(() => watch(root, state), 1000);
  setInterval(() => speak(root, state), SAY_EVERY);
  root.addEventListener("click", (event) => {
    if (event.target.closest("[data-live-new]")) root.defaultView.location.reload();
  });
  root.addEventListener("submit", (event) => refuseWhileLost(root, state, event), true);
}

function startAnew(view) {
  view.setTimeout(() => view.location.reload(), Math.max(0, RELOAD_AFTER - view.performance.now()));
}

// When the worker was last heard of, on this machine's clock. The page may come from a server whose worker is dead.
function lastSign(beatAt) {
  const silent = beatAt ? serverNow() - Date.parse(beatAt) : 0;
  return Date.now() - Math.max(0, silent);
}

function beat(root, state, at) {
  setServerTime(at);
  state.beatAt = Date.now();
  const wall = root.querySelector("[data-wall]");
  if (wall) wall.classList.toggle("beat"); // starts the style sheet's count to the hatch again
  if (!state.lost && !root.body.classList.contains("lost")) return; // the page may have come with the banner
  state.lost = false;
  const banner = root.getElementById("connection");
  banner.hidden = true;
  banner.textContent = "";
  root.body.classList.remove("lost");
  holdForms(root, false);
}

// Signed out, or the role has ended: what is shown stays to be read, and nothing here brings it up to date.
export function end(root, state) {
  const from = clock(new Date(serverNow().getTime() - (Date.now() - state.beatAt)));
  const { pathname, search } = root.location;
  const link = root.createElement("a");
  link.href = `/sign-in/?next=${encodeURIComponent(pathname + search)}`;
  link.textContent = "Sign in";
  state.ended = true;
  state.lost = true;
  root.body.classList.add("lost");
  holdForms(root, true);
  const banner = root.getElementById("connection");
  banner.removeAttribute("aria-label");
  banner.hidden = false;
  if (root.body.dataset.screen) {
    banner.textContent = `This screen is no longer let in. Picture from ${from}.`;
    root.dispatchEvent(new Event("clearway:ended"));
    return;
  }
  banner.replaceChildren(`You have been signed out. Picture from ${from}. Read only. `, link);
}

function watch(root, state) {
  if (!state.ended) watchBeat(root, state);
  if (state.gone.size && !isTouched(root)) sweep(root, state);
}

function watchBeat(root, state) {
  const silent = Date.now() - state.beatAt;
  if (silent > LOST_AFTER) {
    const banner = root.getElementById("connection");
    const from = clock(new Date(serverNow().getTime() - silent));
    if (!state.lost) {
      banner.setAttribute("aria-label", "Connection lost. This picture is read only.");
      root.body.classList.add("lost");
    }
    holdForms(root, true); // also those that a last fragment brought
    state.lost = true;
    const age = silent < 60_000 ? `${Math.floor(silent / 1000)} s` : duration(silent);
    banner.hidden = false;
    banner.textContent = `Connection lost. Picture from ${from}, ${age} old. Read only.`;
  }
}

// Buttons that would send something look as refused as they are; they stay in the tab order, to be read.
function holdForms(root, held) {
  for (const button of root.querySelectorAll("main button")) {
    if (button.form?.method !== "post") continue;
    if (held) button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
  }
}

function refuseWhileLost(root, state, event) {
  if (!state.lost || event.target.method !== "post") return;
  event.preventDefault();
  const why = state.ended ? "you have been signed out" : "the connection is lost";
  root.getElementById("announcer").textContent = `Not sent: ${why}. What you typed is still here.`;
}

export function apply(root, state, push) {
  const { topic, key, html } = push;
  state.held?.push(push);
  const name = `${topic}-${key}`;
  const old = root.getElementById(name);
  if (!html) return remove(root, state, old);
  const fresh = fragment(root, html);
  if (!fresh) return undefined;
  if (!old) return wait(root, state, topic, name, fresh);
  if (old.dataset.since !== fresh.dataset.since && Number(ranked(root, topic)?.dataset.liveMore)) drawSoon(root, state, topic);
  if (sortsElsewhere(root, topic, old, fresh)) wait(root, state, topic, name, fresh);
  if (fresh.dataset.say && fresh.dataset.say !== old.dataset.say) state.say.set(name, fresh.dataset.say);
  return replace(root, old, fresh);
}

function replace(root, old, fresh) {
  const focus = placeOfFocus(root, old);
  fresh.classList.toggle("open", old.classList.contains("open"));
  if (old.classList.contains("open")) fresh.querySelector("[aria-expanded]")?.setAttribute("aria-expanded", "true");
  const open = [...old.querySelectorAll("details")].map((details) => details.open);
  [...fresh.querySelectorAll("details")].forEach((details, place) => { details.open = Boolean(open[place]); });
  writeAges(fresh);
  old.replaceWith(fresh);
  if (focus >= 0) focusable(fresh)[focus]?.focus({ preventScroll: true });
}

function focusable(element) {
  return [...element.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];
}

function placeOfFocus(root, element) {
  return element.contains(root.activeElement) ? focusable(element).indexOf(root.activeElement) : -1;
}

function isTouched(root) {
  return Boolean(root.querySelector("[data-live-rows]:hover, [data-live-rows]:focus-within"));
}

function remove(root, state, old) {
  if (!old) return;
  old.classList.add("gone");
  state.gone.add(old);
  if (!isTouched(root)) sweep(root, state);
}

function sweep(root, state) {
  state.gone.forEach((element) => element.remove());
  state.gone.clear();
}

// A row that is not here yet, or that now sorts elsewhere, is counted; one click asks the server for the order.
function wait(root, state, topic, name, fresh) {
  const first = ranked(root, topic);
  if (first && matches(first, fresh) && isPressing(first, fresh)) drawSoon(root, state, topic);
  const rows = root.querySelector(`[data-live-rows="${topic}"]`);
  const button = root.querySelector(`[data-live-new="${topic}"]`);
  if (!rows || !button || !matches(rows, fresh)) return;
  state.waiting.add(name);
  button.hidden = false;
  button.textContent = `${state.waiting.size} new or moved: show`;
}

// Rows on a wall, where nobody clicks: only so many are shown, those that have waited longest.
function ranked(root, topic) {
  return root.querySelector(`[data-live-rows="${topic}"][data-live-most]`);
}

// Whether a row that is not shown belongs among them: there is room, or it waits longer than one that is shown.
function isPressing(rows, fresh) {
  const shown = [...rows.children].filter((row) => row.id);
  if (shown.length < Number(rows.dataset.liveMost)) return true;
  const { since } = fresh.dataset;
  return Boolean(since) && shown.some((row) => !row.dataset.since || row.dataset.since > since);
}

function drawSoon(root, state, topic) {
  const after = Math.max(0, state.drawnAt + DRAWN_EVERY - Date.now());
  state.due ||= setTimeout(() => drawAnew(root, state, topic), after);
}

// The server says which rows are shown. What is pushed while it answers, and is newer, is put in once more.
async function drawAnew(root, state, topic) {
  state.due = 0;
  state.drawnAt = Date.now();
  state.held = [];
  const page = await freshPage(root).catch(() => null);
  const held = state.held;
  state.held = null;
  const fresh = page && ranked(page, topic);
  if (!fresh) return state.ended ? undefined : drawSoon(root, state, topic);
  const after = Number(page.body.dataset.liveAfter);
  ranked(root, topic).replaceWith(root.adoptNode(fresh));
  writeAges(fresh);
  for (const push of held) if (push.topic === topic && Number(push.id) > after) apply(root, state, push);
}

function sortsElsewhere(root, topic, old, fresh) {
  const by = root.querySelector(`[data-live-rows="${topic}"]`)?.dataset.liveGroup;
  return Boolean(by) && old.dataset[by] !== fresh.dataset[by];
}

function matches(rows, fresh) {
  const chosen = JSON.parse(rows.dataset.liveFilter || "{}");
  return Object.entries(chosen).every(([field, value]) => fresh.dataset[field] === value);
}

function speak(root, state) {
  if (!state.say.size || root.body.dataset.quiet) return;
  const lines = [...state.say.values()];
  state.say.clear();
  const more = lines.length > 3 ? ` And ${lines.length - 3} more changed.` : "";
  root.getElementById("announcer").textContent = lines.slice(0, 3).join(". ") + "." + more;
}
