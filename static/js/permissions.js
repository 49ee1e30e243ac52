// The panel beside the grid of permissions. Without scripts everything in it is a page of its own.
"use strict";

const panel = document.getElementById("panel");
const wide = matchMedia("(min-width: 64rem)");
let opener = null;

function open() {
  if (panel.open) return;
  // Beside the grid where there is room for both; else above it.
  if (wide.matches) panel.show();
  else panel.showModal();
}

function update(now) {
  const name = now.dataset.cell;
  document.querySelectorAll(`#grid [data-cell="${name}"]`).forEach((old) => old.replaceWith(now.cloneNode(true)));
  document.querySelectorAll(".permission").forEach((permission) => {
    const who = permission.querySelector("[data-who]");
    const items = [...permission.querySelectorAll("li")].filter((item) => item.querySelector(".state--on"));
    who.textContent = items.map((item) => item.querySelector(".standings__name").textContent).join(", ") || who.dataset.nobody;
  });
}

function shown() {
  const isNew = !panel.open;
  open();
  const content = document.getElementById("panel-content");
  content.querySelectorAll("template[data-now]").forEach((now) => update(now.content.firstElementChild));
  document.getElementById("panel-said").textContent = content.querySelector("[data-said]")?.textContent ?? "";
  // After a change the focus stays where it was; a browser gives it to the first button of a dialog it opens.
  if (isNew || !content.contains(document.activeElement)) {
    panel.scrollTop = 0;
    document.getElementById("panel-title")?.focus();
  }
  if (wide.matches) opener?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function step(event) {
  const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  const cell = event.target.closest(".permission-grid :is(th, td)");
  if (!by || !cell || event.target.tagName !== "A") return;
  const rows = [...cell.closest("table").rows];
  let row = rows.indexOf(cell.parentElement);
  let column = cell.cellIndex;
  let link = null;
  // Over cells where there is nothing to choose.
  do {
    row += by[0];
    column += by[1];
    link = rows[row]?.cells[column]?.querySelector("a");
  } while (!link && rows[row]?.cells[column]);
  if (!link) return;
  event.preventDefault();
  link.focus();
}

if (panel) {
  panel.addEventListener("close", () => {
    document.getElementById("panel-content").replaceChildren();
    opener?.focus();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("#grid a");
    if (link) opener = link;
    // The backdrop of a dialog counts as the dialog itself.
    if (event.target.closest("[data-close-panel]") || event.target === panel) panel.close();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && panel.open) panel.close();
    else step(event);
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, target } = event.detail;
    if (target.id !== "panel-content") return;
    // Signed out meanwhile: let the page itself say so.
    if (!new URL(xhr.responseURL).pathname.startsWith("/accounts/")) {
      event.detail.shouldSwap = false;
      location.reload();
    }
    // A refusal is shown in the panel, with its reason.
    if ([403, 422].includes(xhr.status) && xhr.responseText.includes('id="panel-title"')) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target?.id === "panel-content") shown();
    // After a search the opener may be gone.
    else if (panel.open) panel.close();
  });
  ["htmx:responseError", "htmx:sendError"].forEach((name) => document.addEventListener(name, (event) => {
    if (event.detail.target?.id !== "panel-content") return;
    const said = document.createElement("p");
    said.className = "errors";
    said.setAttribute("role", "alert");
    said.textContent = panel.dataset.failed;
    open();
    document.getElementById("panel-content").prepend(said);
  }));
}
