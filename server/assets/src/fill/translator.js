// Enketo's texts, from our catalogue: its keys are ours with "enketo." before them.
import { page } from "./data.js";

export function t(key, options = {}) {
  const text = page.texts?.[`enketo.${key}`] ?? key;
  return text.replace(/__(\w+?)__/g, (whole, name) => options[name] ?? whole);
}
