// Answers that are not on the server yet, kept in this browser: per person, so that nobody sees another's.
const STORE = "drafts";

let opened;

function database() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open("anhu-fill", 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore(STORE, { keyPath: ["owner", "place", "id"] });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return opened;
}

async function work(mode, act) {
  const base = await database();
  return new Promise((resolve, reject) => {
    const turn = base.transaction(STORE, mode);
    const asked = act(turn.objectStore(STORE));
    turn.oncomplete = () => resolve(asked.result);
    turn.onerror = turn.onabort = () => reject(turn.error);
  });
}

/** Keep `{owner, place, id, name, xml, files: [{name, blob}], savedAt}`, over an older state of the same record. */
export const keep = (draft) => work("readwrite", (store) => store.put(draft));

/** Forget one. */
export const forget = ({ owner, place, id }) => work("readwrite", (store) => store.delete([owner, place, id]));

/** What this person has not sent of this form, the newest first. */
export async function kept(owner, place) {
  const range = IDBKeyRange.bound([owner, place, ""], [owner, place, "\uffff"]);
  const found = await work("readonly", (store) => store.getAll(range));
  return found.sort((a, b) => b.savedAt - a.savedAt);
}
