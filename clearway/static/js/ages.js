// One loop a second writes every age and every clock. Server time counts, not this machine's.
let ahead = 0; // milliseconds that the server's clock is ahead of this one

export function setServerTime(iso) {
  const at = Date.parse(iso);
  if (!Number.isNaN(at)) ahead = at - Date.now();
}

export function serverNow() {
  return new Date(Date.now() + ahead);
}

export function duration(milliseconds) {
  const minutes = Math.floor(Math.max(0, milliseconds) / 60000);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

export function clock(at, seconds = false) {
  const shape = { hour: "2-digit", minute: "2-digit", timeZone: "Europe/London", hourCycle: "h23" };
  return at.toLocaleTimeString("en-GB", seconds ? { ...shape, second: "2-digit" } : shape);
}

function zone(at) {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/London", timeZoneName: "short" }).formatToParts(at);
  return parts.find((part) => part.type === "timeZoneName").value;
}

export function writeAges(root, now = serverNow()) {
  for (const time of root.querySelectorAll("time[data-since]")) {
    const since = new Date(time.dataset.since);
    const text = duration(now - since);
    if (time.textContent !== text) {
      time.textContent = text;
      time.title = `since ${clock(since)}`;
    }
  }
}

export function startTicking(root) {
  const face = root.querySelector("time[data-clock]");
  const frozen = root.body.dataset.knownAt; // a picture of the past does not age
  if (face) setServerTime(face.dateTime);
  const tick = () => {
    writeAges(root, frozen ? new Date(frozen) : serverNow());
    if (face) face.textContent = `${clock(serverNow(), true)} ${zone(serverNow())}`;
  };
  tick();
  setInterval(tick, 1000);
}
