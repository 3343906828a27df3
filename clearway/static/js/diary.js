// Arrow keys go from slot to slot of the diary: left and right in a clinic, up and down to the nearest in time.
// One slot is in the order of Tab. Without this script every slot is a link as any other.
// When a shown day changes, the server is asked for the picture anew: a push holds no names, a look is recorded.
import { freshPage } from "./refresh.js";

let lanes = [];

function read() {
  lanes = [...document.querySelectorAll("[data-diary] td .lane")].map((lane) => [...lane.querySelectorAll("[data-slot]")]).filter((slots) => slots.length);
  lanes.flat().forEach((slot, place) => { slot.tabIndex = place ? -1 : 0; });
}

function go(slot) {
  document.querySelectorAll("[data-slot][tabindex='0']").forEach((each) => { each.tabIndex = -1; });
  slot.tabIndex = 0;
  slot.focus();
}

function nearest(slots, from) {
  const middle = (each) => { const box = each.getBoundingClientRect(); return box.left + box.width / 2; };
  return slots.reduce((best, each) => (Math.abs(middle(each) - middle(from)) < Math.abs(middle(best) - middle(from)) ? each : best));
}

function next(key, row, place, slot) {
  if (key === "ArrowLeft") return lanes[row][place - 1];
  if (key === "ArrowRight") return lanes[row][place + 1];
  if (key === "Home") return lanes[row][0];
  if (key === "End") return lanes[row].at(-1);
  const other = lanes[row + { ArrowUp: -1, ArrowDown: 1 }[key]];
  return other && nearest(other, slot);
}

read();
document.addEventListener("keydown", (event) => {
  const slot = event.target.closest("[data-diary] [data-slot]");
  if (!slot || !/^(Arrow|Home|End)/.test(event.key) || event.altKey || event.ctrlKey) return;
  const row = lanes.findIndex((slots) => slots.includes(slot));
  const found = next(event.key, row, lanes[row].indexOf(slot), slot);
  event.preventDefault();
  if (found) go(found);
});

// One reading at a time; what changes meanwhile is read in one further.
let reading = false;
let again = false;

async function follow() {
  if (reading) { again = true; return; }
  reading = true;
  do {
    again = false;
    const fresh = (await freshPage(document))?.getElementById("diary-picture");
    if (fresh) exchange(fresh);
  } while (again);
  reading = false;
}

// Where the focus was it is again: the same link of the same picture, found by where it leads and its place.
function exchange(fresh) {
  const old = document.getElementById("diary-picture");
  const links = [...old.querySelectorAll("a")];
  const place = links.indexOf(document.activeElement);
  const scroll = old.querySelector(".table-scroll")?.scrollLeft ?? 0;
  old.replaceWith(document.adoptNode(fresh));
  read();
  const shown = fresh.querySelector(".table-scroll");
  if (shown) shown.scrollLeft = scroll;
  const now = [...fresh.querySelectorAll("a")][place];
  if (now?.matches("[data-slot]")) go(now);
  else now?.focus({ preventScroll: true });
}

const followed = document.querySelector("[data-followed]");
if (followed) new MutationObserver(follow).observe(followed, { childList: true });
