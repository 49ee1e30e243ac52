// Menus are native <details>; this only closes them as people expect: by Escape, or by a click elsewhere.
"use strict";

const openMenus = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("click", (event) => {
  openMenus().forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  openMenus().forEach((menu) => {
    const held = menu.contains(document.activeElement);
    menu.open = false;
    if (held) menu.querySelector("summary").focus();
  });
});

// What is wrong with a form takes the focus; browsers that know autofocus everywhere have done so already.
document.querySelector("[data-error-summary]")?.focus();
