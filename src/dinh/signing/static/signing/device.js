// Hands challenges to the signing plugin on this computer, and its answers back to the server.
const PATIENCE = 5 * 60 * 1000; // milliseconds, for people to find their PIN

// One letter, sent as an ordinary form.
document.querySelectorAll("[data-signing-device]").forEach((form) => {
  if (!form.dataset.address) return; // the server reaches the key itself
  const tell = teller(form);
  const button = form.querySelector("button[type=submit]");

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    button.disabled = true;
    tell("asking");
    const plugin = new Plugin(form.dataset.address);
    try {
      const answer = await plugin.sign(form.dataset);
      if (answer.status !== "signed") return tell("refused", answer.message ?? "");
      fill(form, answer);
      tell("done");
      form.submit();
    } catch {
      tell("silent");
    } finally {
      plugin.close();
      button.disabled = false;
    }
  });
});

// Several letters in one conversation, so that the plugin asks for the PIN once.
document.querySelectorAll("[data-signing-devices]").forEach((box) => {
  const tell = teller(box);
  const button = box.querySelector("button");
  const letters = [...document.querySelectorAll("[data-device-letter]")];

  button.addEventListener("click", async () => {
    button.disabled = true;
    tell("asking");
    const asked = letters.find((letter) => letter.dataset.address);
    const plugin = asked && new Plugin(asked.dataset.address);
    const outcomes = [];
    try {
      for (const letter of letters.filter((each) => !each.dataset.done)) outcomes.push(await sign(letter, plugin));
    } catch {
      tell("silent");
      button.disabled = false;
      return;
    } finally {
      plugin?.close();
    }
    if (outcomes.every(Boolean)) return window.location.reload();
    tell("refused");
    button.disabled = false;
  });
});

async function sign(letter, plugin) {
  const told = letter.querySelector("[data-letter-state]");
  if (letter.dataset.address) {
    const answer = await plugin.sign(letter.dataset);
    if (answer.status !== "signed") {
      told.textContent = answer.message ?? "";
      return false;
    }
    fill(letter, answer);
  }
  const reply = await fetch(letter.action, { method: "POST", body: new FormData(letter) });
  if (!reply.ok) throw new Error(reply.statusText);
  const outcome = await reply.json();
  told.textContent = outcome.done ? "" : outcome.message;
  if (outcome.done) letter.dataset.done = "yes";
  return outcome.done;
}

function teller(box) {
  const state = box.querySelector("[data-device-state]");
  return (name, more = "") => { state.textContent = `${state.dataset[name]} ${more}`.trim(); };
}

function fill(form, answer) {
  form.elements.signature.value = answer.signature ?? "";
  form.elements.cms.value = answer.cms ?? "";
}

// A conversation with the plugin: one question, one answer, in turn.
class Plugin {
  constructor(address) {
    this.socket = new WebSocket(address);
    this.opened = new Promise((resolve, reject) => {
      this.socket.addEventListener("open", resolve);
      this.socket.addEventListener("error", reject);
    });
    this.opened.catch(() => {}); // told where it is awaited
  }

  async sign(challenge) {
    await this.opened;
    const answer = this.answer();
    this.socket.send(JSON.stringify({
      function: "sign",
      session: challenge.session,
      certificate: challenge.certificate,
      attributes: challenge.attributes,
      digest: challenge.digest,
    }));
    return answer;
  }

  answer() {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => this.socket.close(), PATIENCE);
      this.socket.addEventListener("message", (event) => {
        clearTimeout(limit);
        try { resolve(JSON.parse(event.data)); } catch (error) { reject(error); }
      }, { once: true });
      this.socket.addEventListener("close", () => { clearTimeout(limit); reject(new Error("closed")); }, { once: true });
    });
  }

  close() {
    this.socket.close();
  }
}
