// The lists that a form selects from, fetched as this person may see them, as the XML that Enketo wants.

/** `[{id, url, name}]` -> `[{id, xml}]`. An Error names the first list that could not be had. */
export function loadLists(lists) {
  return Promise.all(lists.map(async ({ id, url, name }) => ({ id, xml: await load(url, name) })));
}

async function load(url, name) {
  const answer = await fetch(url, { credentials: "same-origin" }).catch(() => null);
  if (!answer?.ok) throw new Error(name);
  const text = await answer.text();
  if (/\.xml$/i.test(name)) return new DOMParser().parseFromString(text, "text/xml");
  return document_of(/\.geojson$/i.test(name) ? features(JSON.parse(text)) : records(parseCsv(text)));
}

/** The rows of a CSV text; quoted cells may hold commas, quotes and line breaks. */
export function parseCsv(text) {
  const rows = [];
  let row = [];
  const cell = /(?:^|,|\r?\n)(?:"((?:[^"]|"")*)"|([^",\r\n]*))/y;
  const source = text.replace(/^\ufeff/, "");
  while (cell.lastIndex < source.length) {
    const start = cell.lastIndex;
    const found = cell.exec(source);
    if (!found || (found.index + found[0].length === start && start > 0)) break;
    if (start > 0 && source[start] !== ",") {
      rows.push(row);
      row = [];
    }
    row.push(found[1] === undefined ? found[2] : found[1].replaceAll('""', '"'));
  }
  if (row.length) rows.push(row);
  return rows.filter((one) => one.some((value) => value !== ""));
}

function records([head = [], ...rows]) {
  const names = head.map((name) => name.trim());
  return rows.map((row) => names.map((name, place) => [name, row[place] ?? ""]));
}

function features(collection) {
  return (collection.features ?? []).map((one) => {
    const { id, ...rest } = one.properties ?? {};
    return [...Object.entries({ id: one.id ?? id ?? "", ...rest }), ["geometry", geometry(one.geometry)]];
  });
}

/** As ODK writes it: latitude longitude altitude accuracy; points between semicolons. */
function geometry(shape) {
  if (!shape) return "";
  const point = ([x, y]) => `${y} ${x} 0 0`;
  if (shape.type === "Point") return point(shape.coordinates);
  const line = shape.type === "Polygon" ? shape.coordinates[0] : shape.coordinates;
  return line.map(point).join("; ");
}

function document_of(items) {
  const made = document.implementation.createDocument(null, "root");
  for (const item of items) {
    const node = made.createElement("item");
    for (const [name, value] of item) {
      if (!isName(name)) continue; // such a column cannot be named in an expression either
      const child = made.createElement(name);
      child.textContent = value ?? "";
      node.append(child);
    }
    made.documentElement.append(node);
  }
  return made;
}

const isName = (name) => /^[\p{L}_][\p{L}\p{N}._-]*$/u.test(name);
