// Completion in the box of the log: its list, as the page has it, completes a whole line; here it completes the last
// word, with what stands before it left as it is.
const box = document.querySelector("input[list=completions]");
const options = [...(box?.list?.options ?? [])];
const known = options.map((option) => option.value);

function complete() {
  const [before] = /^(?:(?:[a-z]+:)?(?:"(?:[^"\\]|\\.)*"|[^\s"]\S*)\s+)*/i.exec(box.value);
  options.forEach((option, place) => (option.value = before + known[place]));
}

box?.addEventListener("input", complete);
box?.addEventListener("focus", complete);
