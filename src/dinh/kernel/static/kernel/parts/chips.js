// On a telephone chips stand in one line that slides: the one that is on is brought into sight.
const show = (within) => {
  for (const chip of within.querySelectorAll(".chips .is-on")) {
    const row = chip.closest(".chips");
    row.scrollLeft = chip.offsetLeft - row.offsetLeft - (row.clientWidth - chip.offsetWidth) / 2;
  }
};

show(document);
document.addEventListener("htmx:afterSwap", (event) => show(event.target.parentElement ?? document));
