// The bar over the pages: where one is, how large it is shown; + - 0 on the keyboard do the same.
const STEPS = { "+": 1, "=": 1, "-": -1, 0: 0 };
let bound = new AbortController();

export function bindTools(root, pages) {
  // A page has one viewer; another file in it takes over its buttons.
  bound.abort();
  bound = new AbortController();
  const { signal } = bound;
  const number = root.querySelector("[data-pdf-number]");
  root.querySelector("[data-pdf-count]").textContent = String(pages.all.length);
  number.max = String(pages.all.length);
  pages.onMove = () => {
    if (document.activeElement !== number) number.value = String(pages.current);
  };
  pages.onMove();
  number.addEventListener("change", () => pages.goTo(Number(number.value) || 1), { signal });
  root.querySelectorAll("[data-pdf-zoom]").forEach((button) => {
    button.addEventListener("click", () => pages.zoomBy(Number(button.dataset.pdfZoom)), { signal });
  });
  pages.scroller.addEventListener("keydown", (event) => onKey(event, pages), { signal });
}

function onKey(event, pages) {
  if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in STEPS)) return;
  event.preventDefault();
  pages.zoomBy(STEPS[event.key]);
}
