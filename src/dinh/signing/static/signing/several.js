// Signs the chosen letters a few at a time and shows how far it is; without scripts the form signs all in one request.
const AT_ONCE = 3;

document.querySelectorAll("[data-sign-several]").forEach((form) => {
  const button = form.querySelector("button[type=submit]");
  const told = form.querySelector("[data-several-state]");
  const bar = form.querySelector("progress");

  form.addEventListener("submit", async (event) => {
    const rows = [...form.querySelectorAll("input[name=letters]:checked")];
    if (rows.length < 2) return; // an ordinary request
    event.preventDefault();
    button.disabled = true;
    bar.hidden = false;
    bar.max = rows.length;
    const tally = { done: 0, refused: 0, lost: false };
    rows.forEach((row) => { delete row.dataset.taken; });
    show();
    await Promise.all(Array.from({ length: AT_ONCE }, () => work(form, rows, tally, show)));
    if (!tally.refused && !tally.lost) return window.location.reload();
    button.disabled = false;
    show();

    function show() {
      bar.value = tally.done + tally.refused;
      const words = tally.lost ? told.dataset.lost : told.dataset.progress;
      told.textContent = words.replace("{done}", tally.done).replace("{all}", rows.length);
    }
  });
});

// Each of the workers takes the next letter that none has taken.
async function work(form, rows, tally, show) {
  for (const row of rows) {
    if (row.dataset.taken || tally.lost) continue;
    row.dataset.taken = "yes";
    try {
      const refusal = await sign(form, row);
      if (refusal) tally.refused += 1;
      else tally.done += 1;
      tell(row, refusal);
    } catch {
      tally.lost = true;
    }
    show();
  }
}

async function sign(form, row) {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  body.set("letters", row.value);
  const reply = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
  if (!reply.ok) throw new Error(reply.statusText);
  const [outcome] = (await reply.json()).outcomes;
  return outcome.refusal;
}

function tell(row, refusal) {
  const line = row.closest("[data-letter]");
  line.querySelector("[data-letter-state]").textContent = refusal;
  if (refusal) return; // stays chosen, to be tried again
  row.checked = false;
  row.disabled = true;
  line.querySelector("[data-letter-done]").hidden = false;
}
