// Hands challenges to the signing plugin on this computer, and its answers back to the server.
const PAUSE = 2000; // milliseconds
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
    const plugin = pluginFor(form);
    try {
      const answer = await plugin.sign(form);
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
    const plugin = asked && pluginFor(asked);
    const outcomes = [], waiting = letters.filter((each) => !each.dataset.done);
    try {
      for (const letter of waiting) {
        tell("asking", `${outcomes.length + 1}/${waiting.length}`);
        outcomes.push(await sign(letter, plugin));
      }
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
    const answer = await plugin.sign(letter);
    if (answer.status !== "signed") {
      told.textContent = answer.message ?? "";
      return false;
    }
    fill(letter, answer);
  }
  const outcome = await handIn(letter, told);
  told.textContent = outcome.done ? "" : outcome.message;
  if (outcome.done) letter.dataset.done = "yes";
  return outcome.done;
}

// Where the key is released on a phone, the server says that it waits: ask again until it does not.
async function handIn(letter, told) {
  for (let waited = 0; ; waited += PAUSE) {
    const reply = await fetch(letter.action, { method: "POST", body: new FormData(letter) });
    // 422 says in JSON why it was refused.
    if (!reply.ok && reply.status !== 422) throw new Error(reply.statusText);
    const outcome = await reply.json();
    if (!outcome.waiting || waited >= PATIENCE) return outcome;
    told.textContent = outcome.message;
    await new Promise((resume) => { setTimeout(resume, PAUSE); });
  }
}

function teller(box) {
  const state = box.querySelector("[data-device-state]");
  return (name, more = "") => { state.textContent = `${state.dataset[name]} ${more}`.trim(); };
}

function fill(form, answer) {
  form.elements.signature.value = answer.signature ?? "";
  form.elements.cms.value = answer.cms ?? "";
  form.elements.errand.value = answer.errand ?? "";
}

function pluginFor(form) {
  return form.dataset.errand ? new WholeFilePlugin(form.dataset.address) : new Plugin(form.dataset.address);
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

  async sign(form) {
    const challenge = form.dataset;
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
    return answerOf(this.socket);
  }

  close() {
    this.socket.close();
  }
}

// VGCA Sign Service: an address for each function; it fetches the letter and returns it to the server by itself.
const ADDRESSES = {
  vgca_sign_approved: "SignApproved",
  vgca_sign_issued: "SignIssued",
  vgca_sign_income: "SignIncome",
  vgca_sign_copy: "SignCopy",
  vgca_sign_appendix: "SignAppendix",
  vgca_comment: "Comment",
};

class WholeFilePlugin {
  constructor(address) {
    this.address = address;
  }

  async sign(form) {
    const body = new FormData();
    body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    const reply = await fetch(form.dataset.errand, { method: "POST", body });
    const errand = await reply.json();
    if (!reply.ok) return { status: "refused", message: errand.message };
    const answer = await this.call(errand.function, errand.parameters);
    const done = answer.Status === 0 || answer.Status === true;
    return done ? { status: "signed", errand: errand.id } : { status: "refused", message: answer.Message };
  }

  async call(name, parameters) {
    this.socket = new WebSocket(`${this.address.replace(/\/$/, "")}/${ADDRESSES[name]}`);
    await new Promise((resolve, reject) => {
      this.socket.addEventListener("open", resolve, { once: true });
      this.socket.addEventListener("error", reject, { once: true });
    });
    const answer = answerOf(this.socket);
    this.socket.send(JSON.stringify(parameters));
    try { return await answer; } finally { this.close(); }
  }

  close() {
    this.socket?.close();
  }
}

// The next message of a socket; people get some minutes to find their PIN.
function answerOf(socket) {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => socket.close(), PATIENCE);
    socket.addEventListener("message", (event) => {
      clearTimeout(limit);
      try { resolve(JSON.parse(event.data)); } catch (error) { reject(error); }
    }, { once: true });
    socket.addEventListener("close", () => { clearTimeout(limit); reject(new Error("closed")); }, { once: true });
  });
}
