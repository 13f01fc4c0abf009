// What is typed into a long form (`data-keep`) is kept in this browser until the house has it: a session that ends, a
// broken line or a closed window loses nothing. Kept under the account's number, for a week, gone at signing out.
import htmx from "htmx.org";

const WEEK = 7 * 24 * 3600 * 1000;
const account = document.body.dataset.account;
const form = document.querySelector("form[data-keep]");
const place = (key) => `kept:${account}:${key}`;
const skipped = new Set(["csrfmiddlewaretoken", "request_key"]);

const NOT_TYPED = /^(submit|button|file|hidden|search)$/;
const chosenIn = (form) => form.querySelector(form.dataset.keepList ?? "#none");

function fieldsOf(form) {
  const apart = chosenIn(form);
  return [...form.elements].filter((each) => each.name && !skipped.has(each.name) && !NOT_TYPED.test(each.type) && !apart?.contains(each));
}

// What was chosen piece by piece (recipients) stands in a part of the form that the house draws.
function listed(form) {
  return [...(chosenIn(form)?.querySelectorAll("input, select") ?? [])].map((each) => [each.name, each.value]);
}

function typed(form) {
  return fieldsOf(form).map((each) => [each.name, /^(checkbox|radio)$/.test(each.type) ? each.checked : each.value]);
}

const secret = (form) => Number(form.elements.secrecy?.value ?? 0) > 0;

function keep(form) {
  // What is secret never stays on a machine.
  if (secret(form)) localStorage.removeItem(place(form.dataset.keep));
  else localStorage.setItem(place(form.dataset.keep), JSON.stringify({ at: Date.now(), fields: typed(form), list: listed(form) }));
}

function restore(form, kept) {
  const seen = {};
  kept.fields.forEach((pair) => {
    const name = pair[0], value = pair[1];
    const at = (seen[name] = (seen[name] ?? -1) + 1);
    const field = fieldsOf(form).filter((each) => each.name === name)[at];
    if (typeof value === "boolean" && field) field.checked = value;
    else if (field) field.value = value;
  });
  form.dispatchEvent(new Event("input", { bubbles: true }));
  if (kept.list.length) relist(form, kept.list);
}

function relist(form, list) {
  const inputs = list.map((pair) => Object.assign(document.createElement("input"), { type: "hidden", name: pair[0], value: pair[1] }));
  chosenIn(form).replaceChildren(...inputs);
  htmx.ajax("POST", form.dataset.keepDraw, { source: form, target: form.dataset.keepList, swap: "outerHTML" });
}

function read(key) {
  const text = localStorage.getItem(key);
  try {
    const kept = JSON.parse(text);
    return kept && Date.now() - kept.at < WEEK ? kept : null;
  } catch {
    return null;
  }
}

// A form that was sent is in the house once another page than its own, or the sign-in page, answers.
function settleSent() {
  const sent = sessionStorage.getItem("sent");
  if (!sent || !account) return;
  sessionStorage.removeItem("sent");
  if (sent !== (form && place(form.dataset.keep))) localStorage.removeItem(sent);
}

function sweep() {
  Object.keys(localStorage).filter((key) => key.startsWith("kept:") && !read(key)).forEach((key) => localStorage.removeItem(key));
}

function offer(kept) {
  const notice = document.getElementById("kept");
  const now = JSON.stringify([typed(form), listed(form)]);
  if (!notice || JSON.stringify([kept.fields, kept.list]) === now) return;
  notice.hidden = false;
  notice.querySelector("[data-kept-at]").textContent = new Date(kept.at).toLocaleString(document.documentElement.lang);
  notice.querySelector("[data-kept-take]").addEventListener("click", () => {
    restore(form, kept);
    notice.hidden = true;
  });
  notice.querySelector("[data-kept-drop]").addEventListener("click", () => {
    localStorage.removeItem(place(form.dataset.keep));
    notice.hidden = true;
  });
}

sweep();
settleSent();
if (form && account) {
  const kept = read(place(form.dataset.keep));
  if (kept) offer(kept);
  let due;
  const later = () => {
    clearTimeout(due);
    due = setTimeout(() => keep(form), 400);
  };
  form.addEventListener("input", later);
  form.addEventListener("htmx:afterSettle", later);
  window.addEventListener("pagehide", () => due && keep(form));
  form.addEventListener("submit", (event) => {
    if (event.submitter?.formTarget === "_blank") return;
    keep(form);
    due = 0;
    sessionStorage.setItem("sent", place(form.dataset.keep));
  });
}
document.querySelector("form[data-sign-out]")?.addEventListener("submit", () => {
  Object.keys(localStorage).filter((key) => key.startsWith("kept:")).forEach((key) => localStorage.removeItem(key));
});
