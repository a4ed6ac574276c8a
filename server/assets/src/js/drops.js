// A file dropped on .drop goes into its file input; choosing or dropping sends the form at once if it says so.

export function startDrops() {
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      const zone = event.target.closest?.(".drop");
      if (!zone) return;
      event.preventDefault();
      zone.classList.toggle("over", kind === "dragover");
      if (kind === "drop") take(zone, event.dataTransfer.files);
    });
  }
}

function take(zone, files) {
  const input = zone.querySelector('input[type="file"]');
  if (!input || !files.length) return;
  input.files = files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}
