// The files of the record that is being filled: chosen now, restored from a draft, or on the server already.
import { getFilename, dataUriToBlobSync } from "enketo-core/src/js/utils";

import { page, say } from "./data.js";

const restored = new Map(); // name -> Blob, of a draft
const INPUTS = 'input[type="file"]:not(.ignore), input[type="text"][data-drawing="true"]';

/** Put the files of a draft at hand before the form is built. */
export function restoreFiles(files) {
  restored.clear();
  for (const { name, blob } of files) restored.set(name, blob);
}

/** Every file that the answers name and that is in this browser: `[{name, blob}]`. */
export function filesOf(xml) {
  const named = new Set(texts(xml));
  const found = new Map();
  for (const [name, blob] of restored) if (named.has(name)) found.set(name, blob);
  for (const file of getCurrentFiles()) if (named.has(file.name)) found.set(file.name, file.blob);
  return [...found].map(([name, blob]) => ({ name, blob }));
}

function texts(xml) {
  const nodes = new DOMParser().parseFromString(xml, "text/xml").querySelectorAll("*");
  return [...nodes].filter((node) => !node.children.length).map((node) => node.textContent.trim());
}

function getCurrentFiles() {
  return [...document.querySelectorAll(`form.or ${INPUTS.replace(/, /g, ", form.or ")}`)]
    .map(fileOf)
    .filter(Boolean);
}

function fileOf(input) {
  if (input.type !== "file") {
    const drawn = input.value && input.dataset.cache?.startsWith("data:");
    return drawn ? { name: input.value, blob: dataUriToBlobSync(input.dataset.cache) } : null;
  }
  const file = input.files[0];
  if (!file?.name) return null;
  const name = getFilename(file, input.dataset.filenamePostfix);
  const small = input.dataset.resized && input.dataset.resizedDataURI;
  return { name, blob: small ? dataUriToBlobSync(input.dataset.resizedDataURI) : file.slice(0, file.size, file.type) };
}

const isTooLarge = (file) => Boolean(page.maxFile && file.size > page.maxFile);
const getMaxSizeReadable = () => `${Math.floor(page.maxFile / 1_000_000)} MB`;

/** An address at which the page can show the file. */
async function getFileUrl(subject) {
  if (!subject) return null;
  if (typeof subject === "object") {
    if (isTooLarge(subject)) throw new Error(say("enketo.filepicker.toolargeerror").replace("__maxSize__", getMaxSizeReadable()));
    return URL.createObjectURL(subject);
  }
  if (restored.has(subject)) return URL.createObjectURL(restored.get(subject));
  if (page.files?.[subject]) return page.files[subject];
  if (subject.startsWith("/")) return subject; // a file of the form
  throw new Error(subject);
}

async function getObjectUrl(subject) {
  const url = await getFileUrl(subject);
  if (!url || url.startsWith("blob:")) return url;
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(url);
  return URL.createObjectURL(await answer.blob());
}

export default {
  init: () => Promise.resolve(true),
  isWaitingForPermissions: () => false,
  getFileUrl,
  getObjectUrl,
  getCurrentFiles,
  isTooLarge,
  getMaxSizeReadable,
};
