// Buttons that copy a text: shown only when this runs, for without it they could do nothing.
const SHOWN_FOR = 2000; // ms

for (const button of document.querySelectorAll("button[data-copy]")) {
  const told = button.parentElement.querySelector(".copy-done");
  let forgetting;
  button.hidden = false;
  button.addEventListener("click", async () => {
    clearTimeout(forgetting);
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      told.textContent = "Copied";
    } catch {
      told.textContent = "Not copied: this browser does not allow it. Select the text instead.";
    }
    forgetting = setTimeout(() => (told.textContent = ""), SHOWN_FOR);
  });
}
