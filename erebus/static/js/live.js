// New events come to the newest page of a log by themselves: the page is asked for again, with what is newer than when it
// was opened marked. While nothing is new the server answers 304 and makes no page. What came is shown at once if the
// reader is at the top, else when they ask for it or go there: nothing moves under their eyes, and all that is on the
// page is of one moment, with the verification that was made then.
const EVERY = 4000, AT_MOST = 15000, PATIENCE = 15000, SILENCE = 30000; // ms
const button = document.querySelector(".live-new button");
const said = document.querySelector(".live-said");
const away = document.querySelector(".live-away");
const region = (name, page = document) => page.querySelector(`[data-live=${name}]`);
const { after } = region("list").dataset;
let { tag } = region("list").dataset;
let waiting = null; // a page that has come and is not shown yet
let missed = 0; // answers in a row
let spoken = count(); // of what is new
let spokenAt = -Infinity;
let timer, isAsking, isOver;

class Over extends Error {}

function count(page = document) {
  return Number(region("list", page).dataset.new);
}

function words(number) {
  return number === 1 ? "1 new event" : `${number} new events`;
}

// Asking

async function ask() {
  const address = new URL(location);
  address.searchParams.set("after", after);
  const answer = await fetch(address, {
    headers: { "If-None-Match": tag },
    cache: "no-store",
    redirect: "manual",
    signal: AbortSignal.timeout(PATIENCE),
  });
  if (answer.status === 304) return;
  if (answer.type === "opaqueredirect" || answer.status === 401) throw new Over("You are signed out.");
  if ([403, 404, 410].includes(answer.status)) throw new Over("This log cannot be read from here any more.");
  if (!answer.ok) throw new Error(answer.status);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!region("list", page)?.dataset.tag) throw new Error("not the page");
  tag = region("list", page).dataset.tag;
  waiting = page;
}

async function round() {
  if (isAsking || isOver) return;
  clearTimeout(timer);
  isAsking = true;
  try {
    await ask();
    missed = 0;
    away.textContent = "";
  } catch (error) {
    missed += 1;
    isOver = error instanceof Over;
    if (isOver) away.textContent = `${error.message} New events do not appear by themselves until this page is loaded anew.`;
    else if (missed > 1) away.textContent = "The server does not answer: new events appear once it does.";
  }
  isAsking = false;
  speak();
  if (waiting) present();
  wait();
}

function wait() {
  if (!document.hidden && !isOver) timer = setTimeout(round, Math.min(EVERY * 2 ** missed, AT_MOST));
}

// Showing

function present() {
  if (isAtTop()) return show();
  const number = count(waiting) - count();
  button.textContent = words(number);
  button.hidden = number < 1;
}

// To a screen reader, and not each time.
function speak() {
  const number = count(waiting ?? document);
  if (number <= spoken || performance.now() - spokenAt < SILENCE) return;
  said.textContent = `${words(number - spoken)}.`;
  spoken = number;
  spokenAt = performance.now();
}

function isAtTop() {
  const { top } = region("list").getBoundingClientRect();
  const isHeld = document.activeElement.closest("[data-live=list], [data-live=glance], dialog");
  return top > 0 && !isHeld && getSelection().isCollapsed;
}

function show() {
  const page = waiting;
  waiting = null;
  const names = region("sieve").firstElementChild ? ["glance", "list"] : ["glance", "sieve", "list"];
  for (const name of names) {
    const [old, fresh] = [region(name), document.adoptNode(region(name, page))];
    keepFolds(old, fresh);
    old.replaceWith(fresh);
    fresh.dispatchEvent(new Event("renewed", { bubbles: true }));
  }
  const foot = document.querySelector(".foot");
  foot.querySelectorAll(":scope > span").forEach((line) => line.remove());
  foot.prepend(...page.querySelectorAll(".foot > span"));
  button.hidden = true;
}

// What was unfolded, or folded, stays so.
function keepFolds(old, fresh) {
  for (const fold of fresh.querySelectorAll("[id] details")) {
    const twin = old.querySelector(`[id="${fold.closest("[id]").id}"] details`);
    if (twin) fold.open = twin.open;
  }
}

button.addEventListener("click", () => {
  show();
  region("list").scrollIntoView();
  const first = region("list").querySelector(".entry");
  if (!first) return;
  first.tabIndex = -1;
  first.focus({ preventScroll: true });
});
document.addEventListener("scroll", () => waiting && isAtTop() && show(), { passive: true });
document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : round()));
window.addEventListener("online", round);
wait();
