// The review queue: the row whose drawer is open is marked, several rows are chosen for confirming, and after a
// decision the next row takes the place of the one that left.

export function startReview() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-rows] tr.link a[hx-get]");
    if (link) mark(link.closest("tr"));
  });
  document.addEventListener("change", (event) => {
    const chooser = event.target.closest("[data-chooser]");
    if (!chooser) return;
    if (event.target.matches("[data-choose-all]")) {
      for (const box of boxes(chooser)) box.checked = event.target.checked;
    }
    count(chooser);
  });
  document.addEventListener("reset", (event) => {
    if (event.target.matches("[data-chooser]")) setTimeout(() => count(event.target));
  });
  document.addEventListener("input", (event) => {
    const place = event.target.dataset?.count && document.getElementById(event.target.dataset.count);
    if (place) place.textContent = event.target.value.trim().length;
  });
  // a decision was taken: its row has gone, its notice is at the head of the page, the next row is at hand
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    if (event.detail.target?.id !== "flash") return;
    window.scrollTo({ top: 0 });
    if (next?.isConnected) mark(next);
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const row = document.querySelector('[data-rows] tr[aria-selected="true"]');
    if (event.target.closest(".drawer") && row) next = row.nextElementSibling ?? row.previousElementSibling;
  });
}

let next = null;

function boxes(chooser) {
  return [...chooser.querySelectorAll('tbody input[type="checkbox"]')];
}

function mark(row) {
  for (const other of row.parentElement.children) other.setAttribute("aria-selected", String(other === row));
}

function count(chooser) {
  const chosen = boxes(chooser).filter((box) => box.checked).length;
  chooser.querySelector("[data-chosen-count]").textContent = chosen;
  chooser.querySelector("[data-chosen]").hidden = chosen === 0;
}
