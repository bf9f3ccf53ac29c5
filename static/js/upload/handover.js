// Files that were dropped on another page of the site, on their way to the page that submits them. They lie in the
// browser's own store for the moment between the two pages, and are removed from it as they are taken out.

const NAME = "pneumoweb-handover";

function store(mode, act) {
  return new Promise((done, failed) => {
    const opening = indexedDB.open(NAME, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("files");
    opening.onerror = () => failed(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const transaction = database.transaction("files", mode);
      const request = act(transaction.objectStore("files"));
      transaction.oncomplete = () => { database.close(); done(request.result); };
      transaction.onabort = transaction.onerror = () => { database.close(); failed(transaction.error); };
    };
  });
}

/** Lay files down; those of an earlier drop that nobody took are gone. */
export const layDown = (files) => store("readwrite", (kept) => kept.put(files, "dropped"));

/** Take out what was laid down; nothing is left. */
export async function takeUp() {
  try {
    let files = [];
    await store("readwrite", (kept) => {
      const request = kept.get("dropped");
      request.onsuccess = () => { files = request.result ?? []; kept.clear(); };
      return request;
    });
    return files;
  } catch {
    return []; // no such store here: nothing was laid down either
  }
}
