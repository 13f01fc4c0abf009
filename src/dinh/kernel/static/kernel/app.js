import htmx from "htmx.org";

window.htmx = htmx;
htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;

const menuButton = document.querySelector("[data-menu-toggle]");
menuButton?.addEventListener("click", () => {
  const menu = document.getElementById(menuButton.getAttribute("aria-controls"));
  const shown = menu.classList.toggle("show");
  menuButton.setAttribute("aria-expanded", String(shown));
});

const search = document.querySelector("[data-global-search]");
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "k" && search) {
    event.preventDefault();
    search.focus();
  }
});

const list = document.querySelector("[data-keyboard-list]");
let row = -1;
document.addEventListener("keydown", (event) => {
  if (!list || event.target.closest("input, textarea, select") || event.ctrlKey || event.metaKey) return;
  const links = [...list.querySelectorAll("[data-row-link]")];
  if (event.key === "j") row = Math.min(row + 1, links.length - 1);
  else if (event.key === "k") row = Math.max(row - 1, 0);
  else if (event.key === "x") return document.activeElement.closest("[data-row]")?.querySelector("[type=checkbox]")?.click();
  else return;
  links[row]?.focus();
});

// One box chooses all rows of its form; how many are chosen stands beside the button.
const all = document.querySelector("[data-check-all]");
const boxes = () => [...all.form.querySelectorAll("[data-row] [type=checkbox]")];
const count = () => {
  const chosen = boxes().filter((box) => box.checked).length;
  all.checked = chosen === boxes().length;
  all.indeterminate = chosen > 0 && !all.checked;
  document.querySelectorAll("[data-chosen]").forEach((place) => (place.textContent = String(chosen)));
};
all?.form.addEventListener("change", (event) => {
  if (event.target === all) boxes().forEach((box) => (box.checked = all.checked));
  count();
});
if (all) count();

// A form that is on its way is not sent a second time by a double click.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.repeatable !== undefined) return;
  if (event.target.dataset.sent) {
    event.preventDefault();
    return;
  }
  event.target.dataset.sent = "1";
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
});

// One menu of the head is open at a time; Escape and a click elsewhere close it.
const menus = [...document.querySelectorAll("[data-menu]")];
document.addEventListener("click", (event) => {
  menus.filter((menu) => !menu.contains(event.target)).forEach((menu) => menu.removeAttribute("open"));
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  menus.filter((menu) => menu.open).forEach((menu) => {
    menu.removeAttribute("open");
    menu.querySelector("summary").focus();
  });
});

const help = document.getElementById("keyboard-help");
const openHelp = () => help && !help.open && help.showModal();
document.querySelector("[data-help-open]")?.addEventListener("click", openHelp);
document.addEventListener("keydown", (event) => {
  if (event.key === "?" && !event.target.closest("input, textarea, select")) openHelp();
});

const theme = document.querySelector("[data-theme-toggle]");
const stored = localStorage.getItem("theme");
if (stored) document.documentElement.dataset.bsTheme = stored;
theme?.addEventListener("click", () => {
  const next = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
  document.documentElement.dataset.bsTheme = next;
  localStorage.setItem("theme", next);
});
