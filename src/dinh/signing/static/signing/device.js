// Hands the challenge to the signing plugin on this computer, and its answer back with the form.
const PATIENCE = 5 * 60 * 1000; // milliseconds, for people to find their PIN

document.querySelectorAll("[data-signing-device]").forEach((form) => {
  if (!form.dataset.address) return; // the server reaches the key itself
  const state = form.querySelector("[data-device-state]");
  const button = form.querySelector("button[type=submit]");
  const tell = (name, more = "") => { state.textContent = `${state.dataset[name]} ${more}`.trim(); };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    button.disabled = true;
    tell("asking");
    try {
      const answer = await ask(form.dataset);
      if (answer.status !== "signed") return tell("refused", answer.message ?? "");
      form.elements.signature.value = answer.signature ?? "";
      form.elements.cms.value = answer.cms ?? "";
      tell("done");
      form.submit();
    } catch {
      tell("silent");
    } finally {
      button.disabled = false;
    }
  });
});

function ask(challenge) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(challenge.address);
    const limit = setTimeout(() => socket.close(), PATIENCE);
    socket.addEventListener("open", () => socket.send(JSON.stringify({
      function: "sign",
      session: challenge.session,
      certificate: challenge.certificate,
      attributes: challenge.attributes,
      digest: challenge.digest,
    })));
    socket.addEventListener("message", (event) => {
      clearTimeout(limit);
      try { resolve(JSON.parse(event.data)); } catch (error) { reject(error); }
      socket.close();
    });
    socket.addEventListener("error", reject);
    socket.addEventListener("close", () => { clearTimeout(limit); reject(new Error("closed")); });
  });
}
