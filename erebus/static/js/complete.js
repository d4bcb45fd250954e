// Completion in the box of the log: its list, as the page has it, completes a whole line; here it completes the last
// word, with what stands before it left as it is.
function complete({ target: box }) {
  if (!box.matches("input[list=completions]")) return;
  const [before] = /^(?:(?:[a-z]+:)?(?:"(?:[^"\\]|\\.)*"|[^\s"]\S*)\s+)*/i.exec(box.value);
  for (const option of box.list.options) {
    option.dataset.known ??= option.value;
    option.value = before + option.dataset.known;
  }
}

document.addEventListener("input", complete);
document.addEventListener("focusin", complete);
