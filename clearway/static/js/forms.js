// NHS components on forms: password reveal, error summary focus, double-click guard.
import { initAll } from "../vendor/nhsuk.mjs";

document.body.classList.add("js-enabled", "nhsuk-frontend-supported");
initAll();
