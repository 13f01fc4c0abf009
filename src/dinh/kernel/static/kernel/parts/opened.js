// What somebody opened or closed (`details` with an id) stays so when its part of the page comes anew.
let seen = [];
document.addEventListener("htmx:beforeSwap", (event) => {
  seen = [...event.detail.target.querySelectorAll("details[id]")].map((each) => [each.id, each.open]);
});
document.addEventListener("htmx:afterSwap", () => {
  seen.forEach((pair) => {
    const now = document.getElementById(pair[0]);
    if (now) now.open = pair[1];
  });
  seen = [];
});
