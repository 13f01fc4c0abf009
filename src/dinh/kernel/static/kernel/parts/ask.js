// A legal or destructive act asks once, in words that say what will happen: `data-ask` on the form or on its button.
const box = document.getElementById("ask");
let held = null;

const asks = (form, button) => button?.dataset.ask ?? form.dataset.ask;
const chosenIn = (form) => form.querySelectorAll("tbody input:checked, .list-group input[name]:checked").length;

// In the capture phase: nobody else, the lock against double clicks and htmx included, may see the form before the answer.
document.addEventListener("submit", (event) => {
  const form = event.target, button = event.submitter, words = asks(form, button);
  if (!box?.showModal || !words || (words.includes("{n}") && !chosenIn(form))) return;
  if (held === form) {
    held = null;
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  open(form, button, words);
}, { capture: true });

function open(form, button, words) {
  box.querySelector("[data-ask-words]").textContent = words.replace("{n}", String(chosenIn(form)));
  const yes = box.querySelector("[data-ask-yes]");
  yes.textContent = button?.textContent.trim() ?? "";
  yes.className = `btn ${button?.matches(".btn-legal") ? "btn-legal" : button?.matches("[class*=danger]") ? "btn-danger" : "btn-primary"}`;
  yes.onclick = () => {
    held = form;
    box.close();
    form.requestSubmit(button);
  };
  box.showModal();
}
