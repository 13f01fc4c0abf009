// A long list of choices is narrowed by typing, with or without diacritics. Without scripts the list stands as it is.
const fold = (text) =>
  text.normalize("NFD").replace(/\p{M}/gu, "").replaceAll(/[đĐ]/g, "d").toLowerCase();

function narrow(select, words) {
  for (const option of select.options) {
    const text = fold(option.text);
    option.hidden = !option.selected && !words.every((word) => text.includes(word));
  }
}

for (const select of document.querySelectorAll("select[data-filter]")) {
  const field = document.createElement("input");
  field.type = "search";
  field.className = "form-control mb-2";
  field.placeholder = select.dataset.filter;
  field.setAttribute("aria-label", select.dataset.filter);
  field.addEventListener("input", () => narrow(select, fold(field.value).split(/\s+/).filter(Boolean)));
  select.before(field);
}
