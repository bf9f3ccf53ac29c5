// Files that were dropped on another page of the site, on their way to the page that submits them. They lie in the
// browser's own store for the moment between the two pages, and are removed from it as they are taken out.

const NAME = "pneumoweb-handover";

function store(mode, act) {
  return new Promise((done, failed) => {
    const opening = indexedDB.open(NAME, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("files");
    opening.onerror = () => failed(opening.error);
    opening.onsuccess = () => {
      const base = opening.result;
      const work = base.transaction("files", mode);
      const asked = act(work.objectStore("files"));
      work.oncomplete = () => { base.close(); done(asked.result); };
      work.onabort = work.onerror = () => { base.close(); failed(work.error); };
    };
  });
}

/** Lay files down; those of an earlier drop that nobody took are gone. */
export const layDown = (files) => store("readwrite", (files_) => files_.put(files, "dropped"));

/** Take out what was laid down; nothing is left. */
export async function takeUp() {
  try {
    let files = [];
    await store("readwrite", (files_) => {
      const asked = files_.get("dropped");
      asked.onsuccess = () => { files = asked.result ?? []; files_.clear(); };
      return asked;
    });
    return files;
  } catch {
    return []; // no such store here: nothing was laid down either
  }
}
