// Menus are <details>: Escape, or a click elsewhere, closes them. On a phone the sidebar begins folded.
const menus = document.querySelectorAll("[data-menu]");

document.addEventListener("click", (event) => {
  for (const menu of menus) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus) {
    if (menu.open) menu.querySelector("summary").focus();
    menu.open = false;
  }
});

const side = document.querySelector(".side-fold");
if (side && matchMedia("(max-width: 860px)").matches) side.open = false;
