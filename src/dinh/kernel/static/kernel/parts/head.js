// The head and the menu of every page.
const menuButton = document.querySelector("[data-menu-toggle]");
menuButton?.addEventListener("click", () => {
  const menu = document.getElementById(menuButton.getAttribute("aria-controls"));
  const shown = menu.classList.toggle("show");
  menuButton.setAttribute("aria-expanded", String(shown));
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
  if (event.key === "?" && !event.target.closest("textarea, select, input:not([type=checkbox])")) openHelp();
});

document.querySelector("[data-theme-toggle]")?.addEventListener("click", () => {
  const next = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
  document.documentElement.dataset.bsTheme = next;
  localStorage.setItem("theme", next);
});

document.querySelectorAll("[data-print]").forEach((button) => button.addEventListener("click", () => window.print()));

// A part of the page asked for after the session has ended: say so, and leave what is typed where it is.
const ended = document.getElementById("ended");
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 401 && ended && !ended.open) ended.showModal();
});

// A part of the page that got no answer says so, until one comes.
const lost = document.getElementById("line-lost");
function tellLine(isLost) {
  if (lost) lost.hidden = !isLost;
}
["htmx:sendError", "htmx:timeout"].forEach((name) => document.addEventListener(name, () => tellLine(true)));
document.addEventListener("htmx:responseError", (event) => tellLine(event.detail.xhr.status >= 500));
document.addEventListener("htmx:afterOnLoad", () => tellLine(false));
window.addEventListener("offline", () => tellLine(true));
window.addEventListener("online", () => tellLine(false));
