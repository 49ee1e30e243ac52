// Fetches the file with the codes and then shows what came of it. Without scripts the browser downloads the file, and the
// page says what came of it when it is loaded again.
"use strict";

const form = document.querySelector("[data-export]");

function save(file, name) {
  const link = document.createElement("a");
  link.href = file;
  link.download = name;
  link.click();
}

async function fetched() {
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
  const isFile = answer.ok && answer.headers.get("Content-Type")?.startsWith("text/csv");
  return isFile ? URL.createObjectURL(await answer.blob()) : null;
}

async function showResult(file) {
  history.replaceState(null, "", form.dataset.export);
  await htmx.ajax("GET", form.dataset.export, { target: "#main", select: "#main", swap: "outerHTML" });
  const offer = document.querySelector("[data-save]");
  if (!offer) return;
  offer.hidden = false;
  offer.querySelector("button").addEventListener("click", () => save(file, form.dataset.file));
  document.querySelector("[data-exported]").focus();
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  const working = document.querySelector("[data-working]");
  button.disabled = true;
  working.textContent = working.dataset.text;
  const file = await fetched().catch(() => null);
  // The page itself knows best: that one has to sign in again, may do it no more, or that codes were made already.
  if (!file) {
    location.assign(form.dataset.export);
    return;
  }
  save(file, form.dataset.file);
  await showResult(file);
});
