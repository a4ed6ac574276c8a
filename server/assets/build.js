// Bundles src/*.js and src/*.css into the folder of static files that the pages link to.
// Each file directly in src/ is one bundle of the same name; whitenoise adds the hashes later.
import { build } from "esbuild";
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const target = "../shell/static/build";
const modules = resolve("node_modules");
const sources = readdirSync("src", { withFileTypes: true });
const entries = sources
  .filter((file) => file.isFile() && /\.(js|css)$/.test(file.name))
  .map((file) => `src/${file.name}`);

// Enketo's style sheets are SCSS and name packages as if they lay in the project's own node_modules.
const scss = {
  name: "scss",
  setup(bundle) {
    bundle.onLoad({ filter: /\.scss$/ }, async ({ path }) => {
      const { compileAsync, Logger } = await import("sass"); // only where something asks for it
      const importer = {
        findFileUrl: (name) =>
          name.includes("node_modules/") ? pathToFileURL(`${modules}/${name.split("node_modules/").pop()}`) : null,
      };
      const options = { importers: [importer], loadPaths: [modules], logger: Logger.silent };
      return { contents: (await compileAsync(path, options)).css, loader: "css", resolveDir: resolve("src/fill") };
    });
  },
};

// What Enketo asks of its surroundings is ours.
const enketo = Object.fromEntries(
  ["config", "translator", "dialog", "file-manager"].map((name) => [`enketo/${name}`, resolve(`src/fill/${name}.js`)]),
);
enketo["enketo/widgets"] = `${modules}/enketo-core/src/js/widgets.js`;
enketo["enketo/xpath-evaluator-binding"] = `${modules}/enketo-core/src/js/xpath-evaluator-binding.js`;

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
  alias: enketo,
  plugins: [scss],
  loader: { ".svg": "file", ".png": "file", ".woff2": "file" },
  assetNames: "[name]-[hash]",
  logLevel: "warning",
}).catch(() => process.exit(1));

// Enketo's two style sheets from XForm to HTML, as they are: `forms.web` runs them on the server.
mkdirSync(`${fresh}/xsl`);
for (const name of ["openrosa2html5form", "openrosa2xmlmodel"]) {
  const sheet = await import(`./node_modules/enketo-transformer/dist/enketo-transformer/xsl/${name}.xsl.js`);
  writeFileSync(`${fresh}/xsl/${name}.xsl`, sheet.default);
}
rmSync(target, { recursive: true, force: true });
renameSync(fresh, target);
