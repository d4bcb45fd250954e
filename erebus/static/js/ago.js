// Says anew how long ago things were, on a page that stays open; by the clock of the server that made it.
const UNITS = { year: 31536000, month: 2592000, week: 604800, day: 86400, hour: 3600, minute: 60, second: 1 }; // s
const EVERY = 10000; // ms
const words = new Intl.RelativeTimeFormat("en");
const skew = Date.parse(document.querySelector("[data-made]").dataset.made) - Date.now();

function ago(moment) {
  const seconds = (Date.parse(moment) - Date.now() - skew) / 1000;
  const unit = Object.keys(UNITS).find((name) => Math.abs(seconds) >= UNITS[name]);
  return unit ? words.format(Math.round(seconds / UNITS[unit]), unit) : "just now";
}

setInterval(() => {
  for (const time of document.querySelectorAll("main :is(.times > time, .ago)")) {
    const place = time.matches(".ago") ? time : time.parentElement.lastElementChild;
    const told = ago(time.dateTime);
    if (place.textContent !== told) place.textContent = told;
  }
}, EVERY);
