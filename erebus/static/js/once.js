// A form that posts is sent once: a second click before the answer is here would do the thing again. Whoever comes back
// to the page, or has waited so long that the first must be lost, may send it again.
const LOST_AFTER = 15000; // ms

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.ariaBusy) return event.preventDefault();
  form.ariaBusy = "true"; // not `disabled` on the button: its name and value would not be sent
  setTimeout(() => (form.ariaBusy = null), LOST_AFTER);
});

window.addEventListener("pageshow", () => {
  for (const form of document.forms) form.ariaBusy = null;
});
