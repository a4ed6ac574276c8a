// Questions and messages in the page's own dialog, instead of the browser's, which no style reaches.
import { say } from "./data.js";

function build(content, value) {
  const dialog = document.createElement("dialog");
  dialog.className = "ask";
  const form = document.createElement("form");
  form.method = "dialog";
  if (content?.heading) add(form, "h2", content.heading);
  add(form, "p", content?.message ?? content?.msg ?? String(content ?? ""));
  if (value !== undefined) {
    const input = add(form, "input", "");
    input.name = "answer";
    input.value = value ?? "";
  }
  const row = add(form, "div", "");
  row.className = "row";
  dialog.append(form);
  document.body.append(dialog);
  return { dialog, form, row };
}

function add(parent, tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  parent.append(made);
  return made;
}

function button(row, text, value, className) {
  const made = add(row, "button", text);
  made.value = value;
  made.className = className;
  return made;
}

function shown({ dialog }) {
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
    dialog.showModal();
  });
}

export async function alert(content) {
  const parts = build(content);
  button(parts.row, say("ok"), "yes", "fill-button primary").autofocus = true;
  await shown(parts);
}

export async function confirm(content) {
  const parts = build(content);
  button(parts.row, content?.no ?? say("cancel"), "", "fill-button");
  button(parts.row, content?.yes ?? say("ok"), "yes", "fill-button primary").autofocus = true;
  return (await shown(parts)) === "yes";
}

export async function prompt(content, value = "") {
  const parts = build(content, value);
  button(parts.row, say("cancel"), "", "fill-button");
  button(parts.row, say("ok"), "yes", "fill-button primary");
  const answer = await shown(parts);
  return answer === "yes" ? parts.form.elements.answer.value : null;
}

export default { alert, confirm, prompt };
