// Copy buttons: hidden until this runs, for without it they could do nothing.
for (const button of document.querySelectorAll("[data-copy]")) {
  const word = button.querySelector("[data-copied]");
  button.hidden = false;
  word.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      word.textContent = "Copied";
    } catch {
      word.textContent = "Copy it by hand";
    }
    setTimeout(() => { word.textContent = "Copy"; }, 2000);
  });
}
