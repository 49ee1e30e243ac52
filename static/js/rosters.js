// Shows which file is chosen, takes one that is dropped beside the field, and says that it is on its way.
"use strict";

const form = document.querySelector("[data-upload]");
if (form) {
  const input = form.querySelector("input[type=file]");
  const chosen = form.querySelector("[data-chosen]");
  const sending = form.querySelector("[data-sending]");

  const size = (bytes) => {
    const [unit, by] = bytes < 1e6 ? ["kilobyte", 1e3] : bytes < 1e9 ? ["megabyte", 1e6] : ["gigabyte", 1e9];
    const style = { style: "unit", unit, maximumSignificantDigits: 3 };
    return new Intl.NumberFormat(document.documentElement.lang, style).format(bytes / by);
  };
  const show = () => {
    const file = input.files[0];
    chosen.textContent = file ? chosen.dataset.text.replace("%s", `${file.name}, ${size(file.size)}`) : "";
  };
  const dropping = (is) => input.classList.toggle("drop--over", is);

  input.addEventListener("change", show);
  // Without this, a file dropped a little beside the field would replace the page.
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    dropping(true);
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) dropping(false); });
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    dropping(false);
    if (event.dataTransfer.files.length === 1) {
      input.files = event.dataTransfer.files;
      show();
    }
  });
  form.addEventListener("submit", () => { sending.hidden = false; });
  // Back from the next page, nothing is on its way any more.
  window.addEventListener("pageshow", () => { sending.hidden = true; show(); });
}
