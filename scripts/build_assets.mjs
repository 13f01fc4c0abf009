// Bundles the pages' styles, scripts, fonts and icons into src/dinh/kernel/static/dist.
import { build } from "esbuild";
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import { fileURLToPath } from "node:url";
import path from "node:path";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const source = path.join(root, "src/dinh/kernel/static/kernel");
const target = path.join(root, "src/dinh/kernel/static/dist");

// A page keeps the letters that it was first painted in: late ones of other width would move it. Those of running text
// are asked for before the styles (kernel/base.html), and all are there from the next page on.
const keptLetters = {
  name: "kept letters",
  setup: (building) =>
    building.onLoad({ filter: /be-vietnam-pro[/\\]\w+-\d+\.css$/ }, async ({ path: file }) => ({
      contents: (await readFile(file, "utf8")).replace("font-display: swap", "font-display: optional"),
      loader: "css",
    })),
};

await build({
  plugins: [keptLetters],
  entryPoints: { app: path.join(source, "app.js"), theme: path.join(source, "theme.js"), style: path.join(source, "app.css") },
  nodePaths: [path.join(root, "node_modules")],
  outdir: target,
  bundle: true,
  minify: true,
  target: ["chrome90", "firefox90", "safari14"],
  loader: { ".woff2": "file", ".woff": "empty", ".svg": "dataurl" },
  assetNames: "[name]",
  logLevel: "warning",
});

// The PDF viewer, on pages with a PDF only: its script and style, the worker that reads the file, and beside them what
// the worker asks for when a file needs it: fonts that a file names without holding them, decoders of rare pictures.
const pdfjs = path.join(root, "node_modules/pdfjs-dist");
await build({
  entryPoints: {
    "pdf/viewer": path.join(source, "pdf/viewer.js"),
    "pdf/style": path.join(source, "pdf/viewer.css"),
    "pdf/worker": path.join(pdfjs, "legacy/build/pdf.worker.mjs"),
  },
  nodePaths: [path.join(root, "node_modules")],
  outdir: target,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome100", "firefox100", "safari15.4"],
  legalComments: "none",
  logLevel: "warning",
});
for (const folder of ["standard_fonts", "wasm", "iccs"]) {
  await cp(path.join(pdfjs, folder), path.join(target, "pdf", folder), {
    recursive: true,
    filter: (name) => !path.basename(name).startsWith("quickjs"),
  });
}
await cp(path.join(pdfjs, "LICENSE"), path.join(target, "pdf/LICENSE"));

// Pictures of figures, on pages with one only.
await build({
  entryPoints: { charts: path.join(source, "charts.js") },
  nodePaths: [path.join(root, "node_modules")],
  outdir: target,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome90", "firefox90", "safari14"],
  legalComments: "none",
  logLevel: "warning",
});
await cp(path.join(root, "node_modules/echarts/LICENSE"), path.join(target, "charts.LICENSE"));

// One sprite of the icons that templates and menus name; an icon is <svg><use href="...#name">.
const names = JSON.parse(await readFile(path.join(source, "icons.json"), "utf8"));
const symbols = await Promise.all(
  names.map(async (name) => {
    const file = path.join(root, "node_modules/@tabler/icons/icons/outline", `${name}.svg`);
    const drawing = (await readFile(file, "utf8")).replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "");
    return `<symbol id="${name}" viewBox="0 0 24 24">${drawing.trim()}</symbol>`;
  }),
);
await mkdir(target, { recursive: true });
await writeFile(path.join(target, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`);

// WhiteNoise hands out NAME.gz to browsers that take it.
const compress = promisify(gzip);
for (const entry of await readdir(target, { recursive: true })) {
  if (!/\.(css|js|svg|wasm)$/.test(entry)) continue;
  const file = path.join(target, entry);
  await writeFile(`${file}.gz`, await compress(await readFile(file), { level: constants.Z_BEST_COMPRESSION }));
}
