import { page } from "./served.js";

// A picture too large to push is fetched anew every so many seconds, while somebody can see it.
export function startRefreshing(root) {
  for (const picture of root.querySelectorAll("[data-refresh]")) {
    setInterval(() => refresh(root, picture.id), Number(picture.dataset.refresh) * 1000);
  }
}

async function refresh(root, id) {
  if (root.hidden || root.body.classList.contains("lost")) return;
  const fresh = (await freshPage(root))?.getElementById(id);
  const old = root.getElementById(id);
  if (fresh && old && !old.contains(root.activeElement)) old.replaceWith(root.adoptNode(fresh));
}

// The page as it is on the server now; null when it does not answer, and the connection banner says what is wrong.
export async function freshPage(root) {
  const answer = await fetch(root.location.href, { headers: { "X-Clearway-Background": "1" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return null;
  return page(await answer.text());
}
