// Lists by keyboard: j and k move, Enter opens (the rows' links have the focus), x chooses, a box in the head chooses all.
const links = () => [...document.querySelectorAll("[data-keyboard-list] [data-row-link]")].filter((link) => link.offsetParent);

function move(step) {
  const all = links(), at = all.findIndex((link) => rowOf(link) === rowOf(document.activeElement));
  const next = all[at < 0 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function rowOf(node) {
  return node?.closest("tr, li, .list-group-item, .card") ?? null;
}

function choose() {
  rowOf(document.activeElement)?.querySelector("input[type=checkbox]")?.click();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest("textarea, select, input:not([type=checkbox])")) return;
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "x") choose();
});

function boxes(all) {
  return [...all.closest("form").querySelectorAll(`input[type=checkbox][name="${all.dataset.chooseAll}"]`)];
}

document.addEventListener("change", (event) => {
  const all = event.target.closest("[data-choose-all]");
  if (all) boxes(all).forEach((box) => { box.checked = all.checked; });
  const form = event.target.form;
  form?.querySelectorAll("[data-choose-all]").forEach((each) => {
    const states = boxes(each).map((box) => box.checked);
    each.checked = states.every(Boolean);
    each.indeterminate = !each.checked && states.some(Boolean);
  });
});
