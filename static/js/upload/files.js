// What was dropped or chosen, as files: folders are walked, and what operating systems add by themselves is left out.

const CLUTTER = /^(\.|thumbs\.db$|desktop\.ini$)/i;

/** Whether a drag carries files (and not a link or a text). */
const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

/** Hear of files dragged over the page: `hover(over)` while they are over it, `take(files)` when they are dropped. */
export function listenToDrops(hover, take) {
  let depth = 0; // of the elements entered and not yet left: each one inside another tells of itself
  const at = (number) => { depth = Math.max(0, number); hover(depth > 0); };
  const listen = (type, act) => document.addEventListener(type, (event) => { if (carriesFiles(event)) act(event); });
  listen("dragenter", () => at(depth + 1));
  listen("dragleave", () => at(depth - 1));
  listen("dragover", (event) => event.preventDefault());
  listen("drop", async (event) => {
    event.preventDefault();
    at(0);
    take(await dropped(event.dataTransfer));
  });
}

/** The files of a drop, those in dropped folders too. Call it before anything else is awaited: the drop is gone then. */
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return useful(transfer.files);
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return useful(found);
}

/** Without hidden files. */
export const useful = (files) => [...files].filter((file) => !CLUTTER.test(file.name));

async function walk(entry, found) {
  if (entry.isFile) {
    found.push(await new Promise((done, failed) => entry.file(done, failed)));
    return;
  }
  const reader = entry.createReader();
  for (;;) { // it gives a hundred at a time, and then none
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!some.length) return;
    for (const inner of some) await walk(inner, found);
  }
}
