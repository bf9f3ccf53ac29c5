// The one poll for all films of this page that wait for their answer, however many they are. The server says when to ask
// again (diagnosis/history/live.py). A page that nobody sees asks nothing; when it is seen again, it asks at once.

const MOST = 100; // studies in one address; as many as the server reads
const SOON = 0.5; // seconds; a film that has just arrived often has its answer by then
const LONGEST = 30; // seconds between two tries while the server does not answer

export class Waiting {
  #ids = new Set();
  #timer = null;
  #due = 0;
  #asking = false;
  #patience = SOON;

  /** The page is told what came: `arrived(id, nodes)`, `announced(text)`, `signedOut()`. */
  constructor(address, page) {
    this.address = address;
    this.page = page;
    document.addEventListener("visibilitychange", () => this.#askIn(0));
  }

  add(id) {
    this.#ids.add(id);
    this.#askIn(SOON);
  }

  #askIn(seconds) {
    const due = Date.now() + seconds * 1000;
    if (this.#timer && this.#due <= due) return; // one that comes sooner stays: films that pour in must not put it off
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => this.#ask(), seconds * 1000);
  }

  async #ask() {
    this.#timer = null;
    if (!this.#ids.size || document.hidden) return;
    if (this.#asking) { this.#askIn(SOON); return; }
    this.#asking = true;
    const asked = [...this.#ids].slice(0, MOST);
    const answer = await this.#fetch(asked);
    this.#asking = false;
    if (answer.status === 403) {
      this.page.signedOut();
    } else if (answer.text === undefined) {
      this.#patience = Math.min(LONGEST, 2 * this.#patience);
      this.#askIn(this.#patience);
    } else {
      this.#patience = SOON;
      this.#take(asked, new DOMParser().parseFromString(answer.text, "text/html"));
    }
  }

  async #fetch(asked) {
    try {
      const response = await fetch(`${this.address}?as=badge&pending=${asked.join(",")}`);
      return { status: response.status, text: response.ok ? await response.text() : undefined };
    } catch {
      return {}; // no connection
    }
  }

  #take(asked, answer) {
    const live = answer.getElementById("live");
    const pending = live.dataset.pending.split(",");
    for (const id of asked) {
      if (pending.includes(id)) continue;
      this.#ids.delete(id);
      this.page.arrived(id, [...answer.getElementById(`badge-${id}`)?.childNodes ?? []]); // none: it was deleted
    }
    const announcement = answer.getElementById("announced");
    if (announcement) this.page.announced(announcement.textContent);
    if (this.#ids.size) this.#askIn(Number(live.dataset.seconds) || SOON); // or those beyond the first hundred
  }
}
