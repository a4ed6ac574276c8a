// Keyboard use of a list: j and k walk its rows, Enter opens, Escape closes the drawer, "/" goes to the search.
// Inside an open drawer any element with data-key="c" is pressed by that key.

const typing = (target) => target.closest("input, textarea, select, [contenteditable], dialog[open]");

export function startKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") return closeDrawer();
    if (typing(event.target)) return;
    if (event.key === "j" || event.key === "k") return walk(event.key === "j" ? 1 : -1);
    if (event.key === "Enter") return open(event);
    if (event.key === "/") return search(event);
    press(event);
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close-drawer]")) closeDrawer();
  });
}

function rows() {
  return [...document.querySelectorAll("[data-rows] tbody tr.link")];
}

function walk(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((row) => row.getAttribute("aria-selected") === "true");
  const next = all[Math.min(all.length - 1, Math.max(0, at + step))];
  all.forEach((row) => row.setAttribute("aria-selected", String(row === next)));
  next.scrollIntoView({ block: "nearest" });
}

function open(event) {
  // a focused link or button does its own
  if (event.target.closest("a, button, summary, label")) return;
  document.querySelector('[data-rows] tr[aria-selected="true"] a')?.click();
}

function search(event) {
  const field = document.querySelector('input[type="search"]');
  if (!field) return;
  event.preventDefault();
  field.focus();
}

function press(event) {
  const scope = document.querySelector(".drawer:not(:empty)") ?? document;
  const target = scope.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!target) return;
  event.preventDefault();
  target.click();
}

function closeDrawer() {
  const drawer = document.querySelector(".drawer:not(:empty)");
  if (!drawer || document.querySelector("dialog[open]")) return;
  drawer.replaceChildren();
}
