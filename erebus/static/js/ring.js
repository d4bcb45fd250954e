// The ring as a control: arrows go from tick to tick, Home and End to its ends, Enter and a click open the event. What is
// at the place where one is, by keyboard or pointer, is told below it; a finger finds a link there.
const PAUSE = 80; // ms that one has to stay at a place before the server is asked what is there
const AROUND = 12; // events to ask for on either side
const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity };
const known = new Map(); // events by their number

async function find(number) {
  if (!known.has(number)) {
    const answer = await fetch(`${location.pathname}.json?before=${number + AROUND + 1}`, { redirect: "manual" });
    for (const event of (await answer.json()).events) known.set(event.number, event);
  }
  return known.get(number);
}

function words({ createdAt, actorName, actionDescription, status }) {
  const time = new Date(createdAt).toISOString().slice(0, 19).replace("T", " ");
  return `${time} UTC · ${actorName} · ${actionDescription} · ${status ? "Succeeded" : "Failed"}`;
}

function equip(strip) {
  const [first, last, size, count] = ["first", "last", "size", "count"].map((name) => Number(strip.dataset[name]));
  const gravest = strip.dataset.gravest?.split(",").map(Number);
  const tip = strip.closest(".ring").querySelector(".ring-tip");
  if (!tip) return;
  const most = Math.floor((last - first) / size);
  const cursor = strip.appendChild(document.createElementNS(strip.namespaceURI, "rect"));
  let place = most;
  let asking, isTouched;

  const number = () => (gravest ? gravest[place] : first + place);

  function span() {
    const from = first + place * size;
    return size > 1 ? `#${from} – #${Math.min(from + size - 1, last)}, the gravest ` : "";
  }

  function tell(text) {
    const link = document.createElement("a");
    link.href = `${location.pathname}/${number()}`;
    link.textContent = `#${number()}`;
    link.tabIndex = -1;
    tip.replaceChildren(span(), link, text && ` · ${text}`);
    strip.ariaValueText = tip.textContent;
  }

  function stand(at) {
    place = Math.max(0, Math.min(at, most));
    cursor.setAttribute("x", `${(100 * place) / count}%`);
    cursor.setAttribute("width", `${76 / count}%`);
    cursor.setAttribute("class", "ring-at");
    strip.ariaValueNow = number();
    tell("");
    clearTimeout(asking);
    asking = setTimeout(async () => {
      const asked = number();
      const event = await find(asked).catch(() => null);
      if (event && asked === number() && tip.textContent) tell(words(event));
    }, PAUSE);
  }

  function leave() {
    clearTimeout(asking);
    cursor.removeAttribute("class");
    tip.replaceChildren();
  }

  function under({ clientX }) {
    const { left, width } = strip.getBoundingClientRect();
    return Math.floor(((clientX - left) / width) * count);
  }

  const open = () => location.assign(`${location.pathname}/${number()}`);

  strip.setAttribute("role", "slider");
  strip.setAttribute("aria-label", "Events by number");
  strip.setAttribute("aria-describedby", "ring-text");
  strip.removeAttribute("aria-labelledby");
  strip.tabIndex = 0;
  Object.assign(strip, { ariaValueMin: first, ariaValueMax: last, ariaValueNow: number(), ariaValueText: `#${number()}` });
  strip.addEventListener("focus", () => stand(place));
  strip.addEventListener("blur", ({ relatedTarget }) => tip.contains(relatedTarget) || leave());
  strip.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (event.key === "Enter") open();
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    stand(place + step);
  });
  strip.addEventListener("pointerdown", ({ pointerType }) => (isTouched = pointerType === "touch"));
  strip.addEventListener("pointermove", (event) => {
    const at = under(event);
    if (at <= most && (at !== place || !tip.textContent)) stand(at);
  });
  strip.addEventListener("pointerleave", ({ pointerType }) => {
    if (pointerType === "mouse" && document.activeElement !== strip) leave();
  });
  strip.addEventListener("click", (event) => {
    if (under(event) > most) return;
    stand(under(event));
    if (!isTouched) open();
  });
}

const equipAll = (part) => part.querySelectorAll(".ring-strip[data-first]").forEach(equip);
equipAll(document);
document.addEventListener("renewed", (event) => equipAll(event.target));
