// Keyboard shortcuts: ? lists them and lets them be switched off (kept in this browser).
const OFF = "erebus.shortcuts.off";
const dialog = document.getElementById("shortcuts");
const box = dialog?.querySelector("[data-shortcuts-on]");

const isOn = () => localStorage.getItem(OFF) === null;
const isTyping = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;

function move(step) {
  const events = [...document.querySelectorAll("[data-event]")];
  if (events.length === 0) return;
  const next = events.indexOf(document.activeElement?.closest("[data-event]")) + step;
  const event = events[Math.min(Math.max(next, 0), events.length - 1)];
  event.tabIndex = -1;
  event.focus();
}

const actions = {
  "?": () => dialog.showModal(),
  "/": () => document.querySelector("input[type=search]")?.focus(),
  j: () => move(1),
  k: () => move(-1),
  Enter: () => {
    const fold = document.activeElement?.matches("[data-event]") && document.activeElement.querySelector("details");
    if (fold) fold.open = !fold.open;
  },
};

if (dialog) {
  box.checked = isOn();
  box.addEventListener("change", () => {
    if (box.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  });
  document.addEventListener("keydown", (event) => {
    const action = actions[event.key];
    if (!action || isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!isOn() && event.key !== "?") return;
    if (event.key !== "Enter") event.preventDefault();
    action();
  });
}
