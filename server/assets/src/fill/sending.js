// One record to the server, as OpenRosa's multipart: the XML with each parcel of files, the last one closing it.
import { page, say } from "./data.js";

/** A refusal in words; `kind`: "offline", "login", "other" (somebody else is logged in), "taken" (409), "refused". */
export class Refusal extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

/** Send; answers the server's `{next}`. */
export async function send(xml, files) {
  const token = await checkSession();
  const parcels = parcelsOf(files);
  let answer = {};
  for (const [number, parcel] of parcels.entries()) {
    answer = await post(xml, parcel, token, number < parcels.length - 1);
  }
  return answer;
}

/** The CSRF token of the session, if it is still the same person's. */
async function checkSession() {
  if (!page.session) return "";
  const answer = await ask(page.session, { headers: { Accept: "application/json" } });
  const { owner, csrf } = answer.ok ? await answer.json() : {};
  if (!owner) throw new Refusal("login", say("login"));
  if (owner !== page.owner) throw new Refusal("other", say("other"));
  return csrf;
}

async function post(xml, files, token, isIncomplete) {
  const body = new FormData();
  body.append("xml_submission_file", new Blob([xml], { type: "text/xml" }), "submission.xml");
  for (const { name, blob } of files) body.append(name, blob, name);
  if (isIncomplete) body.append("*isIncomplete*", "yes");
  const answer = await ask(page.send, { method: "POST", body, headers: token ? { "X-CSRFToken": token } : {} });
  const told = await answer.json().catch(() => ({}));
  if (answer.status === 201) return told;
  if (answer.status === 401) throw new Refusal("login", say("login"));
  throw new Refusal(answer.status === 409 ? "taken" : "refused", told.message || say("fault", { status: answer.status }));
}

async function ask(url, options) {
  try {
    return await fetch(url, { credentials: "same-origin", cache: "no-store", ...options });
  } catch {
    throw new Refusal("offline", say("offline"));
  }
}

function parcelsOf(files) {
  const parcels = [[]];
  let size = 0;
  for (const file of files) {
    if (size && size + file.blob.size > page.maxRequest) {
      parcels.push([]);
      size = 0;
    }
    parcels.at(-1).push(file);
    size += file.blob.size;
  }
  return parcels;
}
