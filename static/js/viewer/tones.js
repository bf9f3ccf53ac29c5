// Window and level: which greys of the film are spread over the screen's. The film has 256 greys, 0 is black.

const DEFAULT = { width: 256, level: 128 };
export const PRESETS = {
  default: () => DEFAULT,
  lung: () => ({ width: 150, level: 80 }),
  soft: () => ({ width: 110, level: 150 }),
  bone: () => ({ width: 150, level: 190 }),
  auto: (film) => fromHistogram(film),
};

/** The window that leaves one per cent of this film's greys on either side; black borders do not count. */
function fromHistogram(film) {
  const size = 256; // px: enough for a histogram
  const canvas = new OffscreenCanvas(size, size);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(film, 0, 0, size, size);
  const { data } = context.getImageData(0, 0, size, size);
  const counts = new Uint32Array(256);
  for (let i = 0; i < data.length; i += 4) counts[data[i]] += 1;
  counts.fill(0, 0, 4);
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (!total) return DEFAULT;
  const at = (share) => {
    let seen = 0;
    return counts.findIndex((count) => (seen += count) >= share * total);
  };
  const [low, high] = [at(0.01), at(0.99)];
  return { width: Math.max(2, high - low), level: (high + low) / 2 };
}

export class Tones {
  constructor() { this.reset(); }

  reset() {
    this.inverted = false;
    this.set(DEFAULT, "default");
  }

  set({ width, level }, preset = "") {
    this.width = Math.min(512, Math.max(2, width));
    this.level = Math.min(255, Math.max(0, level));
    this.preset = preset;
  }

  /** The same window as elsewhere; a window that is made for each film is made for this one. */
  follow(other, film) {
    this.inverted = other.inverted;
    if (other.preset !== this.preset || !other.preset) this.set(other.preset ? PRESETS[other.preset](film) : other, other.preset);
  }

  change(width, level) { this.set({ width: this.width + width, level: this.level + level }); }

  /** Whether the film is shown as it was submitted. */
  get plain() { return !this.inverted && this.width === DEFAULT.width && this.level === DEFAULT.level; }

  /** For each grey of the film, the opaque pixel to show, as the bytes of an ImageData read as one number. */
  get table() {
    const bytes = new Uint8ClampedArray(4 * 256);
    const bottom = this.level - this.width / 2;
    for (let grey = 0; grey < 256; grey += 1) {
      const shown = Math.min(255, Math.max(0, ((grey - bottom) / this.width) * 256));
      bytes.fill(this.inverted ? 255 - shown : shown, 4 * grey, 4 * grey + 3);
      bytes[4 * grey + 3] = 255;
    }
    return new Uint32Array(bytes.buffer);
  }
}
