// Shows a PDF in the page: of an address (data-pdf), or the file that somebody chooses (data-pdf-input names the field).
import { GlobalWorkerOptions, getDocument } from "pdfjs-dist/legacy/build/pdf.mjs";
import { Pages } from "./pages.js";
import { bindTools } from "./tools.js";

const here = new URL(".", import.meta.url).href;
GlobalWorkerOptions.workerSrc = `${here}worker.js`;

const OPTIONS = {
  isEvalSupported: false,
  enableXfa: false,
  disableWorkerRendering: true,
  useWorkerFetch: true,
  standardFontDataUrl: `${here}standard_fonts/`,
  wasmUrl: `${here}wasm/`,
  iccUrl: `${here}iccs/`,
};

async function show(root, source) {
  const scroller = root.querySelector("[data-pdf-scroll]");
  const fault = root.querySelector("[data-pdf-fault]");
  root.classList.remove("is-ready");
  fault.hidden = true;
  scroller.hidden = false;
  scroller.setAttribute("aria-busy", "true");
  try {
    const pdf = await getDocument({ ...OPTIONS, ...source }).promise;
    const pages = new Pages({ pdf, scroller, label: root.dataset.pdfPage });
    await pages.open();
    bindTools(root, pages);
    root.classList.add("is-ready");
    return pages;
  } catch (reason) {
    console.warn(reason);
    scroller.hidden = true;
    fault.hidden = false;
    return null;
  } finally {
    scroller.removeAttribute("aria-busy");
  }
}

function showChosen(root) {
  const field = document.getElementById(root.dataset.pdfInput);
  let shown = Promise.resolve(null);
  const renew = () => {
    const [file] = field.files;
    root.hidden = !file;
    shown = shown.then(async (before) => {
      await before?.close();
      return file ? show(root, { data: new Uint8Array(await file.arrayBuffer()) }) : null;
    });
  };
  field.addEventListener("change", renew);
  if (field.files.length) renew();
}

document.querySelectorAll("[data-pdf]").forEach((root) => show(root, { url: root.dataset.pdf }));
document.querySelectorAll("[data-pdf-input]").forEach(showChosen);
