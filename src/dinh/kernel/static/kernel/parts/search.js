// The search box of every page: Ctrl K reaches it, what is found stands below it, arrows walk through.
const box = document.querySelector("[data-global-search]");
const found = document.getElementById("search-found");

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && box) {
    event.preventDefault();
    box.focus();
    box.select();
  }
});

function leave() {
  found.replaceChildren();
}

function walk(event) {
  const stops = [box, ...found.querySelectorAll("a")];
  const at = stops.indexOf(document.activeElement);
  if (at < 0) return;
  event.preventDefault();
  stops[(at + (event.key === "ArrowDown" ? 1 : stops.length - 1)) % stops.length].focus();
}

if (box && found) {
  const whole = box.closest("form");
  whole.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") walk(event);
    else if (event.key === "Escape") {
      leave();
      box.focus();
    }
  });
  whole.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !whole.contains(event.relatedTarget)) leave();
  });
  document.addEventListener("click", (event) => {
    if (!whole.contains(event.target)) leave();
  });
}
