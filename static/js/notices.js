// Settings of alerts are saved as they change. What is refused comes back with its reason; what fails is said.
"use strict";

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  // Signed out meanwhile, or no longer an observer: let the page itself say so.
  if (new URL(xhr.responseURL).pathname !== location.pathname || xhr.status === 404) {
    event.detail.shouldSwap = false;
    location.reload();
  }
  if (xhr.status === 422) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

["htmx:responseError", "htmx:sendError"].forEach((name) => document.addEventListener(name, () => {
  const told = document.getElementById("told");
  told.textContent = told.dataset.failed;
}));
