// Behaviour shared by every page. The pages work without it; this makes them quicker.
import htmx from "htmx.org";

import { startDialogs } from "./js/dialogs.js";
import { startDrops } from "./js/drops.js";
import { startKeys } from "./js/keys.js";
import { startMenus } from "./js/menus.js";
import { startReview } from "./js/review.js";

// The content security policy allows no inline style and no evaluated script.
htmx.config.includeIndicatorStyles = false;
htmx.config.allowEval = false;
htmx.config.selfRequestsOnly = true;
// A Problem comes as a fragment with its own status: show it where the answer would have stood.
htmx.config.responseHandling = [
  { code: "204", swap: false },
  { code: "[23]..", swap: true },
  { code: "[45]..", swap: true, error: false },
];

document.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector('meta[name="csrf-token"]');
  if (token) event.detail.headers["X-CSRFToken"] = token.content;
});

// A row that leads somewhere: a click anywhere in it follows its first link, unless something else was meant.
document.addEventListener("click", (event) => {
  const row = event.target.closest("tr.link");
  if (!row || event.target.closest("a, button, input, label, summary")) return;
  row.querySelector("a")?.click();
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});

startKeys();
startDialogs();
startDrops();
startMenus();
startReview();

// On a phone the menu is a bar that may be longer than the screen: show where one is.
document.querySelector('.menu [aria-current="page"]')?.scrollIntoView({ block: "nearest", inline: "nearest" });
