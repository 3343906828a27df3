// Every page: one loop for clocks and ages, shortcuts, the palette, and the live stream where a page asks for it.
import { startTicking } from "./ages.js";
import { startShortcuts } from "./shortcuts.js";
import { startPalette } from "./palette.js";
import { startRefreshing } from "./refresh.js";
import { startInHand } from "./inhand.js";
import { startExpanding, startFilters } from "./expand.js";

startTicking(document);
startShortcuts(document);
startPalette(document);
startExpanding(document);
startRefreshing(document);
startFilters(document);
startInHand(document);
if (document.body.dataset.liveTopics) {
  import("./live.js").then(({ startLive }) => startLive(document));
}
