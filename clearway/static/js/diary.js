// Arrow keys go from slot to slot of the diary: left and right in a clinic, up and down to the nearest in time.
// One slot is in the order of Tab. Without this script every slot is a link as any other.
const diary = document.querySelector("[data-diary]");
const lanes = diary ? [...diary.querySelectorAll("td .lane")].map((lane) => [...lane.querySelectorAll("[data-slot]")]).filter((slots) => slots.length) : [];

function go(slot) {
  diary.querySelectorAll("[data-slot][tabindex='0']").forEach((each) => { each.tabIndex = -1; });
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

if (lanes.length) {
  lanes.flat().forEach((slot, place) => { slot.tabIndex = place ? -1 : 0; });
  diary.addEventListener("keydown", (event) => {
    const slot = event.target.closest("[data-slot]");
    if (!slot || !/^(Arrow|Home|End)/.test(event.key) || event.altKey || event.ctrlKey) return;
    const row = lanes.findIndex((slots) => slots.includes(slot));
    const found = next(event.key, row, lanes[row].indexOf(slot), slot);
    event.preventDefault();
    if (found) go(found);
  });
}
