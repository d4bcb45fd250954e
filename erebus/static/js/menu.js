// The menus of the top bar are <details>: Escape, a click elsewhere, or leaving them by keyboard closes them.
const menus = document.querySelectorAll("details.menu");

function closeOthers(target) {
  for (const menu of menus) if (!menu.contains(target)) menu.open = false;
}

document.addEventListener("click", (event) => closeOthers(event.target));
document.addEventListener("focusin", (event) => closeOthers(event.target));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus) {
    if (!menu.open) continue;
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
