// Before the first paint, or a page would flash in the other colour: what was chosen here, else what the device asks for.
const chosen = localStorage.getItem("theme");
const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
document.documentElement.dataset.bsTheme = chosen ?? (dark ? "dark" : "light");
