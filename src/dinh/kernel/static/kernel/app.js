import htmx from "htmx.org";
import "./parts/ask.js";
import "./parts/chips.js";
import "./parts/copy.js";
import "./parts/dates.js";
import "./parts/head.js";
import "./parts/keep.js";
import "./parts/lists.js";
import "./parts/opened.js";
import "./parts/search.js";
import "./filter-select.js";

window.htmx = htmx;
htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;

// One box for all rows of its form.
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-choose-all]")) return;
  const boxes = event.target.form.querySelectorAll(`input[type=checkbox][name="${event.target.dataset.chooseAll}"]`);
  boxes.forEach((box) => (box.checked = event.target.checked));
});

// A form that is on its way is not sent a second time by a double click.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.dataset.repeatable !== undefined) return;
  if (event.target.dataset.sent) {
    event.preventDefault();
    return;
  }
  event.target.dataset.sent = "1";
  event.submitter?.classList.add("btn-loading");
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
  document.querySelectorAll(".btn-loading").forEach((button) => button.classList.remove("btn-loading"));
});
