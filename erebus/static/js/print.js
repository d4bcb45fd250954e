// The button that prints the page: shown by this script, for without it the browser's own way is left.
const button = document.querySelector("[data-print]");

button.hidden = false;
button.addEventListener("click", () => print());
