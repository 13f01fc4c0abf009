// Bundles the pages' styles, scripts, fonts and icons into src/dinh/kernel/static/dist.
import { build } from "esbuild";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import path from "node:path";
import zlib from "node:zlib";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const source = path.join(root, "src/dinh/kernel/static/kernel");
const target = path.join(root, "src/dinh/kernel/static/dist");

await build({
  entryPoints: { app: path.join(source, "app.js"), style: path.join(source, "app.css") },
  nodePaths: [path.join(root, "node_modules")],
  outdir: target,
  bundle: true,
  minify: true,
  target: ["chrome90", "firefox90", "safari14"],
  loader: { ".woff2": "file", ".woff": "empty", ".svg": "dataurl" },
  assetNames: "[name]",
  logLevel: "warning",
});

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

// WhiteNoise hands out `x.br` or `x.gz` in place of `x` to browsers that take it.
const compressions = { br: promisify(zlib.brotliCompress), gz: promisify(zlib.gzip) };
const texts = (await readdir(target, { recursive: true })).filter((name) => /\.(css|m?js|svg|wasm|json)$/.test(name));
for (const name of texts) {
  const content = await readFile(path.join(target, name));
  for (const [ending, compress] of Object.entries(compressions)) {
    await writeFile(path.join(target, `${name}.${ending}`), await compress(content));
  }
}
