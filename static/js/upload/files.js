// What was dropped or chosen, as files: folders are walked, and what operating systems add by themselves is left out.

const CLUTTER = /^(\.|thumbs\.db$|desktop\.ini$)/i;

/** Whether a drag carries files (and not a link or a text). */
export const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

/** The files of a drop, those in dropped folders too. Call it before anything else is awaited: the drop is gone then. */
export async function dropped(transfer) {
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
