// Single-key shortcuts. `?` lists them; they can be switched off, which this browser remembers.
const OFF = "erebus.shortcuts.off";
const list = document.getElementById("shortcuts");
const box = list.querySelector("[data-shortcuts-switch]");
const opener = document.querySelector("[data-shortcuts]");
const sign = document.querySelector("[data-shortcut-sign]");

function isOn() {
  return localStorage.getItem(OFF) === null;
}

function move(step) {
  const events = [...document.querySelectorAll(".entry")].filter((event) => event.checkVisibility());
  const current = events.indexOf(document.activeElement?.closest(".entry") ?? document.querySelector(":target > .entry"));
  goTo(events[Math.max(current + step, 0)]);
}

function goTo(event) {
  if (!event) return;
  event.tabIndex = -1;
  event.ariaLabel = event.querySelector("h3")?.textContent ?? null; // what is said of it when it gets the focus
  event.focus({ preventScroll: true });
  event.scrollIntoView({ block: "nearest" });
}

// What is folded in an event first, then its page.
function open() {
  const event = document.activeElement;
  if (!event.matches(".entry")) return;
  const fold = event.querySelector("details");
  if (fold && !fold.open) {
    fold.open = true;
    return;
  }
  history.replaceState(null, "", `#${event.parentElement.id}`); // whoever comes back goes on from here
  event.querySelector("a.num")?.click();
}

function close() {
  const event = document.activeElement.closest(".entry");
  const fold = event?.querySelector("details[open]") ?? event?.closest("details[open]");
  if (!fold) return;
  fold.open = false;
  goTo(fold.closest(".entry"));
}

function chooseFilter() {
  const control = document.querySelector("main form[role=search] select");
  if (!control) return;
  control.closest("details").open = true;
  control.focus();
}

const ACTIONS = {
  "?": () => list.showModal(),
  "/": () => (document.querySelector("main input[type=search]") ?? document.querySelector("input[type=search]"))?.focus(),
  f: chooseFilter,
  j: () => move(1),
  k: () => move(-1),
  Enter: open,
  Escape: close,
};

function isTaken(event) {
  return event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog[open]");
}

document.addEventListener("keydown", (event) => {
  const action = ACTIONS[event.key];
  if (!action || !isOn() || isTaken(event)) return;
  if (event.key.length === 1) event.preventDefault();
  action();
});

function show() {
  box.checked = isOn();
  if (sign) sign.hidden = !isOn();
}

show();
box.addEventListener("change", () => {
  if (box.checked) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, "1");
  show();
});
opener.addEventListener("click", () => list.showModal());
opener.hidden = false;
