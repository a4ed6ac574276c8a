// What the server wrote into the page: the form, its lists, where to send, and every text in the reader's language.
const holder = document.getElementById("fill-data");

export const page = holder ? JSON.parse(holder.textContent) : {};

/** The text `key` with its `%(name)s` places filled. */
export function say(key, values = {}) {
  const text = page.texts?.[key] ?? key;
  return text.replace(/%\((\w+)\)s/g, (whole, name) => values[name] ?? whole);
}
