// One token for each file of this tab: sent once more, the server knows the study that it became, and makes no second.
// The same file chosen again after the page was reloaded has the same token. Of its name only a number is kept.

const KEPT = "pneumoweb-tokens";
const MOST = 2000;

export function randomUUID() { // no crypto.randomUUID: it exists on secure origins only; a clinic's LAN may be plain http
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function read() {
  try { return new Map(JSON.parse(sessionStorage.getItem(KEPT) ?? "[]")); } catch { return new Map(); }
}

function write(tokens) {
  try { sessionStorage.setItem(KEPT, JSON.stringify([...tokens].slice(-MOST))); } catch { /* they last for this page */ }
}

function fingerprint(file) { // FNV-1a over name, size and time: enough to tell the files of one tab apart
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(`${file.webkitRelativePath || file.name}|${file.size}|${file.lastModified}`)) {
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  }
  return hash.toString(36);
}

/** The token that this file was sent under in this tab, or a new one; and whether it is an old one. */
export function tokenOf(file) {
  const mark = fingerprint(file);
  const known = read().get(mark);
  return known ? { token: known, old: true } : { token: randomUUID(), old: false };
}

/** Remember that this file is being sent under this token. */
export function sending(file, token) {
  const tokens = read();
  const mark = fingerprint(file);
  tokens.delete(mark);
  write(tokens.set(mark, token));
}

/** All of them have arrived: what is chosen from now on is another submission. */
export function forgetTokens() {
  try { sessionStorage.removeItem(KEPT); } catch { /* there are none */ }
}
