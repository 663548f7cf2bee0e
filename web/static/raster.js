// An opaque canvas whose pixels we write ourselves; text and marks are then drawn over them. What is dense (ticks,
// traces, areas) costs one write a pixel, needs no graphics card, and is one copy a frame. Positions are device pixels.
export class Raster {
  constructor(host) {
    this.canvas = host.appendChild(document.createElement("canvas"));
    this.ink = this.canvas.getContext("2d", { alpha: false });
  }

  /** Fill a box of the page, given in CSS pixels. A canvas whose pixels aren't exactly the screen's is copied slowly. */
  resize({ left, top, width, height }, scale) {
    const { canvas } = this;
    this.scale = scale;
    const inside = (at) => Math.ceil(at * scale - 0.01) / scale - at;
    const [right, down] = [inside(left), inside(top)];
    this.width = canvas.width = Math.max(1, Math.floor((width - right) * scale + 0.01));
    this.height = canvas.height = Math.max(1, Math.floor((height - down) * scale + 0.01));
    const style = { left: right, top: down, width: this.width / scale, height: this.height / scale };
    for (const [name, value] of Object.entries(style)) canvas.style[name] = `${value}px`;
    this.image = new ImageData(this.width, this.height);
    this.words = new Uint32Array(this.image.data.buffer);
  }

  clear(word) {
    this.words.fill(word);
  }

  /** A vertical run in one column, both ends included, cut to [top, bottom]. */
  run(x, from, to, word, top = 0, bottom = this.height - 1) {
    const { words, width } = this;
    let y = Math.max(from < to ? from : to, top) | 0;
    const end = Math.min(from < to ? to : from, bottom) | 0;
    for (let at = y * width + x; y <= end; y++, at += width) words[at] = word;
  }

  row(y, word, from = 0, to = this.width) {
    if (y >= 0 && y < this.height) this.words.fill(word, y * this.width + from, y * this.width + to);
  }

  /** Copy the pixels, and return the pen, which works in CSS pixels. */
  show() {
    this.ink.putImageData(this.image, 0, 0);
    this.ink.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    return this.ink;
  }
}

/** A pixel of the colour that lies `part` of the way from one colour to another; colours are #rrggbb. */
export function mix(from, to, part) {
  const [a, b] = [from, to].map((hex) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16)));
  const [red, green, blue] = a.map((own, k) => Math.round(own + (b[k] - own) * part));
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
