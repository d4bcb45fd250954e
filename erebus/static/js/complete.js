// Completion in the box of the log: its list, as the page has it, completes a whole line; here it completes the last
// word, with what stands before it left as it is. A qualifier that is there already is not offered: it may not repeat.
const WORD = /\s*(?:([a-z]+):)?(?:"(?:[^"\\]|\\.)*"|[^\s"]\S*)\s+/giy;

function complete({ target: box }) {
  if (!box.matches("input[list=completions]")) return;
  const words = [...box.value.matchAll(WORD)];
  const before = words.map(([word]) => word).join("");
  const there = new Set(words.map(([, name]) => name?.toLowerCase()));
  for (const option of box.list.options) {
    option.dataset.known ??= option.value;
    option.value = before + option.dataset.known;
    option.disabled = there.has(option.dataset.known.split(":", 1)[0]);
  }
}

document.addEventListener("input", complete);
document.addEventListener("focusin", complete);
