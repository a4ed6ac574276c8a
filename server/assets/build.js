// Bundles src/*.js and src/*.css into the folder of static files that the pages link to.
// Each file directly in src/ is one bundle of the same name; whitenoise adds the hashes later.
import { build } from "esbuild";
import { readdirSync, renameSync, rmSync } from "node:fs";

const target = "../shell/static/build";
const sources = readdirSync("src", { withFileTypes: true });
const entries = sources
  .filter((file) => file.isFile() && /\.(js|css)$/.test(file.name))
  .map((file) => `src/${file.name}`);

const fresh = `${target}.new`; // a failed build leaves the last one in place
await build({
  entryPoints: entries,
  outdir: fresh,
  bundle: true,
  minify: true,
  charset: "utf8",
  legalComments: "linked",
  // Old office machines: what Windows 7's last browsers understand.
  target: ["chrome109", "firefox115", "safari15"],
  format: "iife",
  loader: { ".svg": "file", ".png": "file", ".woff2": "file" },
  assetNames: "[name]-[hash]",
  logLevel: "warning",
}).catch(() => process.exit(1));
rmSync(target, { recursive: true, force: true });
renameSync(fresh, target);
