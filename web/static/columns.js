// What is known of one venue in each pixel column: the least and greatest price, and the last middle and spread.
const MOST_QUIET_US = 5_000_000; // a venue without a trade for so long is shown as silent, and not as calm

export class Columns {
  constructor(width) {
    this.hit = new Uint8Array(width + 1);
    this.silent = new Uint8Array(width + 1);
    for (const name of ["low", "high", "mid"]) this[name] = new Float64Array(width + 1);
    this.spread = new Float32Array(width + 1);
    this.clear(undefined, 1);
  }

  /** Begin a picture. `before` is the venue's last tick before it; prices are multiplied by `scale`. */
  clear(before, scale) {
    this.hit.fill(0);
    Object.assign(this, { least: Infinity, most: -Infinity, end: 0, ticks: 0, before, scale });
  }

  /** Take in ticks [from, to) of a segment; `offset` and `perUs` map their microseconds to columns. */
  add({ us, price, mid, spread }, from, to, offset, perUs) {
    const { hit, low, high, scale } = this;
    this.ticks += to - from;
    for (let k = from; k < to; k++) {
      const c = ((us[k] + offset) * perUs) | 0;
      const p = price[k] * scale;
      const m = mid[k] * scale;
      if (!hit[c]) {
        hit[c] = 1;
        low[c] = high[c] = p;
      } else if (p < low[c]) low[c] = p;
      else if (p > high[c]) high[c] = p;
      this.mid[c] = m;
      this.spread[c] = spread[k];
      if (m < this.least) this.least = m;
      if (m > this.most) this.most = m;
    }
  }

  /** Carry the last values over columns without ticks, up to the present. */
  fill(end, fromUs, perUs) {
    const { before, hit, silent } = this;
    let mid = before ? before.ticks.mid[before.k] * this.scale : 0;
    let spread = before ? before.ticks.spread[before.k] : 0;
    const limit = MOST_QUIET_US * perUs;
    let seen = before ? (before.us - fromUs) * perUs : -Infinity;
    if (!before) {
      const first = hit.indexOf(1);
      if (first < 0) return;
      mid = this.mid[first];
      spread = this.spread[first];
    }
    if (mid < this.least) this.least = mid;
    if (mid > this.most) this.most = mid;
    for (let c = 0; c < end; c++) {
      if (hit[c]) {
        mid = this.mid[c];
        spread = this.spread[c];
        seen = c;
      } else {
        this.mid[c] = mid;
        this.spread[c] = spread;
      }
      silent[c] = c - seen > limit ? 1 : 0;
    }
    this.end = end;
  }
}
