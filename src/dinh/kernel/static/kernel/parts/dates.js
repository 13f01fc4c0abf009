// Dates read and are written dd/mm/yyyy whatever language the browser has; without JavaScript the browser's own field
// stays. The form still sends yyyy-mm-dd, and the browser's calendar opens from a button beside the field.
const ISO = /^(\d{4})-(\d\d)-(\d\d)$/;
const WRITTEN = /^(\d{1,2})[./ -](\d{1,2})[./ -](\d{4})$/;
const NOT_COPIED = ["id", "name", "required", "form", "aria-describedby"];
const words = document.body.dataset;

function iso(text) {
  const written = WRITTEN.exec(text.trim());
  const day = written ? `${written[3]}-${written[2].padStart(2, "0")}-${written[1].padStart(2, "0")}` : text.trim();
  return isDay(day) ? day : "";
}

function isDay(text) {
  const moment = new Date(`${text}T00:00:00Z`);
  return ISO.test(text) && !Number.isNaN(moment.valueOf()) && moment.toISOString().startsWith(text);
}

const shown = (text) => text.replace(ISO, "$3/$2/$1");

function faultOf(field) {
  const day = iso(field.value), min = field.dataset.min, max = field.dataset.max;
  if (!field.value.trim()) return "";
  if (!day) return words.dateForm;
  if (min && day < min) return words.dateMin.replace("%s", shown(min));
  return max && day > max ? words.dateMax.replace("%s", shown(max)) : "";
}

const judge = (field) => field.setCustomValidity(faultOf(field));

function enhance(field) {
  const picker = field.cloneNode();
  [...picker.attributes].map((each) => each.name)
    .filter((name) => NOT_COPIED.includes(name) || name.startsWith("hx-"))
    .forEach((name) => picker.removeAttribute(name));
  Object.assign(field.dataset, { date: "", min: field.min, max: field.max });
  const day = field.value;
  Object.assign(field, {
    type: "text", inputMode: "numeric", autocomplete: "off", maxLength: 10, placeholder: words.dateHint,
    defaultValue: shown(day), value: shown(day),
  });
  field.addEventListener("input", () => judge(field));
  field.addEventListener("change", () => {
    field.value = shown(iso(field.value)) || field.value;
    judge(field);
  });
  judge(field);
  frame(field, picker);
}

function frame(field, picker) {
  const group = document.createElement("div"), name = field.labels?.[0]?.textContent.trim() ?? "";
  group.className = "date-field";
  picker.className = "date-picker";
  picker.tabIndex = -1;
  picker.setAttribute("aria-hidden", "true");
  field.replaceWith(group);
  group.append(field, picker, button(field, picker, name));
}

function button(field, picker, name) {
  const opener = document.createElement("button");
  Object.assign(opener, { type: "button", className: "date-button", title: words.dateChoose });
  opener.setAttribute("aria-label", `${words.dateChoose}: ${name}`);
  opener.innerHTML = `<svg class="icon" aria-hidden="true"><use href="${words.icons}#calendar"></use></svg>`;
  opener.addEventListener("click", () => {
    picker.value = iso(field.value);
    picker.showPicker?.();
  });
  picker.addEventListener("change", () => {
    field.value = shown(picker.value);
    ["input", "change"].forEach((kind) => field.dispatchEvent(new Event(kind, { bubbles: true })));
    opener.focus();
  });
  return opener;
}

document.addEventListener("formdata", (event) => {
  [...event.target.elements].filter((each) => each.name && each.dataset.date !== undefined)
    .forEach((each) => event.formData.set(each.name, iso(each.value) || each.value));
});

function enhanceDates(root) {
  const inside = [...root.querySelectorAll("input[type=date]:not(.date-picker)")];
  (root.matches?.("input[type=date]") ? [root] : inside).forEach(enhance);
}

enhanceDates(document);
document.addEventListener("htmx:load", (event) => enhanceDates(event.target));
