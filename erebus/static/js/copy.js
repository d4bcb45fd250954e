// Buttons that copy a text: put there by this script, for without it they could do nothing.
const SHOWN_FOR = 2000; // ms
const { content } = document.getElementById("copy");

function equip(place) {
  const text = place.dataset.copy || place.textContent;
  const part = content.cloneNode(true);
  const [button, told] = part.children;
  part.querySelector(".copy-label").textContent = place.dataset.label ?? "Copy id";
  if (place.dataset.copy) place.append(part);
  else place.after(" ", part);
  let forgetting;
  button.addEventListener("click", async () => {
    clearTimeout(forgetting);
    try {
      await navigator.clipboard.writeText(text);
      told.textContent = "Copied";
    } catch {
      told.textContent = "Not copied: this browser does not allow it. Select the text instead.";
    }
    forgetting = setTimeout(() => (told.textContent = ""), SHOWN_FOR);
  });
}

const equipAll = (part) => part.querySelectorAll("[data-copy]").forEach(equip);
equipAll(document);
document.addEventListener("renewed", (event) => equipAll(event.target));
