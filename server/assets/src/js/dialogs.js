// <button data-dialog="id"> opens the dialog of that id; data-close-dialog and a click on the backdrop close it.

export function startDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) return document.getElementById(opener.dataset.dialog)?.showModal();
    if (event.target.closest("[data-close-dialog]")) return event.target.closest("dialog")?.close();
    if (event.target.nodeName === "DIALOG") event.target.close();
  });
}
