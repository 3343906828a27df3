// The crew's page: says that a message was read once it is in front of somebody. page.js fetches it anew.
const told = new Set();
const keys = new Map(); // of each message that was read: sent again after a lost answer it is the same

function keyOf(message) {
  const letters = () => [...crypto.getRandomValues(new Uint8Array(16))].map((each) => each.toString(16).padStart(2, "0"));
  if (!keys.has(message)) keys.set(message, letters().join(""));
  return keys.get(message);
}

async function tell() {
  const box = document.querySelector("[data-crew-message]");
  const message = box?.dataset.crewMessage;
  if (!message || told.has(message) || document.visibilityState !== "visible") return;
  told.add(message);
  const body = new URLSearchParams({ step: "read", message, csrfmiddlewaretoken: box.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "" });
  const answer = await fetch(location.href, { method: "POST", body, headers: { "Idempotency-Key": keyOf(message) } }).catch(() => null);
  if (!answer?.ok) told.delete(message);
}

document.addEventListener("visibilitychange", tell);
setInterval(tell, 1000);
tell();
