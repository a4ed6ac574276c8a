// The page around the form: drafts offered, the form built, answers kept while they are given, sent when they are whole.
import { Form } from "enketo-core/src/js/form";
import { FormModel } from "enketo-core/src/js/form-model";
import events from "enketo-core/src/js/event";

import { page, say } from "./data.js";
import dialog from "./dialog.js";
import { forget, keep, kept } from "./drafts.js";
import { filesOf, restoreFiles } from "./file-manager.js";
import { loadLists } from "./lists.js";
import { send } from "./sending.js";
import { t } from "./translator.js";

const KEEP_AFTER = 700; // ms without a change
const here = (id) => document.getElementById(id);

let form;
let isDone = false;
let timer;

export async function startFilling() {
  if (!page.form) return;
  const drafts = page.mode === "preview" ? [] : await kept(page.owner, page.place).catch(() => []);
  if (drafts.length) offer(drafts);
  else await open(null);
}

function offer(drafts) {
  const template = here("draft-line");
  for (const draft of drafts) {
    const line = template.content.firstElementChild.cloneNode(true);
    line.querySelector(".name").textContent = draft.name || page.title;
    line.querySelector(".when").textContent = new Date(draft.savedAt).toLocaleString(document.documentElement.lang);
    line.querySelector(".continue").addEventListener("click", () => choose(draft));
    line.querySelector(".delete").addEventListener("click", async () => {
      if (!(await dialog.confirm({ message: say("deleteDraft"), yes: say("delete") }))) return;
      await forget(draft);
      line.remove();
      if (!here("drafts").querySelector("li")) choose(null);
    });
    here("drafts").querySelector("ul").append(line);
  }
  here("draft-new").addEventListener("click", () => choose(null));
  here("waiting").hidden = true;
  here("drafts").hidden = false;
}

function choose(draft) {
  here("drafts").hidden = true;
  here("waiting").hidden = false;
  open(draft);
}

async function open(draft) {
  restoreFiles(draft?.files ?? []);
  let external;
  try {
    external = await loadLists(page.lists);
  } catch (fault) {
    return fail(say("listMissing", { name: fault.message }));
  }
  const paper = here("paper");
  const holder = document.createElement("div");
  holder.innerHTML = page.form;
  for (const place of holder.querySelectorAll("[data-i18n]")) place.textContent = t(place.dataset.i18n);
  paper.querySelector(".form-footer").before(holder.querySelector("form.or"));
  const record = draft?.xml ?? page.instance;
  const data = {
    modelStr: page.model,
    instanceStr: record ? inThisVersion(record) : null,
    submitted: !draft && Boolean(page.instance),
    external,
  };
  form = new Form(paper.querySelector("form.or"), data, { language: page.language });
  withoutInlineHandler(form.view.$);
  const faults = form.init();
  here("waiting").hidden = true;
  if (faults.length) return fail(say("broken", { reason: faults.join("; ") }));
  ready(draft);
}

// Enketo stops the form's own submit by an inline handler, which our policy forbids; `ready` stops it.
function withoutInlineHandler(view) {
  const attr = view.attr;
  view.attr = function (name, ...rest) {
    return name === "onsubmit" ? this : attr.call(this, name, ...rest);
  };
}

function ready(draft) {
  here("frame").hidden = false;
  const view = form.view.html;
  if (draft) form.editStatus = true;
  view.addEventListener("dataupdate", later);
  view.addEventListener("change", later);
  view.addEventListener("removed", later);
  view.addEventListener("submit", (event) => event.preventDefault());
  here("send").addEventListener("click", finish);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) return;
    if (view.contains(document.activeElement)) document.activeElement.blur(); // an answer half typed counts too
    keepNow();
  });
  window.addEventListener("beforeunload", (event) => {
    if (!form.editStatus || isDone || page.mode === "preview") return;
    event.preventDefault();
    event.returnValue = "";
  });
  document.documentElement.dataset.ready = "yes";
}

// What a form asks the device about its user; what is not known stays empty.
const createSession = FormModel.prototype.createSession;
FormModel.prototype.createSession = function (id, values) {
  createSession.call(this, id, values);
  for (const place of this.xml.querySelectorAll(`instance[id="${id}"] > session > context > *`)) {
    place.textContent = page.sessionValues[place.nodeName] ?? "";
  }
};

// A record of an older version of the form, or one just restored, goes on as one of the version that is open.
function inThisVersion(xml) {
  const root = (text, path) => new DOMParser().parseFromString(text, "text/xml").querySelector(path);
  const model = root(page.model, "instance > *");
  const record = root(xml, ":root");
  const version = model?.getAttribute("version");
  if (record && version !== null && version !== undefined) record.setAttribute("version", version);
  return record ? new XMLSerializer().serializeToString(record) : xml;
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(keepNow, KEEP_AFTER);
}

async function keepNow() {
  clearTimeout(timer);
  if (!form?.editStatus || isDone || page.mode === "preview") return;
  const xml = form.getDataStr();
  try {
    await keep({ ...key(), name: form.instanceName || "", xml, files: filesOf(xml), savedAt: Date.now() });
    here("kept").textContent = say("kept", { time: new Date().toLocaleTimeString(document.documentElement.lang) });
  } catch {
    here("kept").textContent = say("notKept"); // no room, or a private window
  }
}

const key = () => ({ owner: page.owner, place: page.place, id: form.instanceID });

async function finish() {
  const button = here("send");
  button.disabled = true;
  tell("");
  try {
    if (!(await form.validate())) return tell(say("faults"), "bad");
    if (page.mode === "preview") return tell(say("valid"), "good");
    form.view.html.dispatchEvent(events.BeforeSave());
    await keepNow();
    const xml = form.getDataStr({ irrelevant: false });
    const answer = await send(xml, filesOf(xml));
    isDone = true;
    clearTimeout(timer);
    await forget(key()).catch(() => {});
    done(answer);
  } catch (refusal) {
    if (!refusal.kind) throw refusal;
    await keepNow();
    tell(refusal.message, "bad", refusal.kind);
  } finally {
    button.disabled = false;
  }
}

function done(answer) {
  if (page.mode === "edit" && answer.next) return window.location.assign(answer.next);
  here("frame").hidden = true;
  here("done").hidden = false;
  here("done").querySelector("h1").focus();
}

function tell(message, mood = "", kind = "") {
  const place = here("told");
  place.textContent = message;
  place.className = `told ${mood}`;
  place.hidden = !message;
  if (kind === "login" || kind === "taken") {
    const link = document.createElement("a");
    link.href = kind === "login" ? page.login : page.next;
    link.target = "_blank";
    link.textContent = say(kind === "login" ? "loginLink" : "takenLink");
    if (link.getAttribute("href")) place.append(" ", link);
  }
}

function fail(message) {
  here("waiting").hidden = true;
  const place = here("fault");
  place.textContent = message;
  place.hidden = false;
}
