// Ticks come as a film does: in segments of four seconds, fetched ahead of the playhead and kept while it is near.
import { ask } from "./frames.js";
import { LATEST_US } from "./instant.js";

export const SEGMENT_US = 4_000_000;
const MOST_KEPT = 24;
const MOST_TICKS = 2_000_000;
const LATER_MS = 150;

/** The ticks of one symbol in one snapshot. */
export class Segments {
  constructor(symbol, snapshot, venueCount) {
    Object.assign(this, { symbol, snapshot, venueCount });
    this.kept = new Map();
    this.loading = new Map();
    this.at = null;
    this.later = 0;
    this.failed = () => {};
  }

  /** Fetch the segments around an instant; resolves when those are there that a picture of a span needs. */
  async around(us, spanUs) {
    const index = Math.floor(us / SEGMENT_US);
    const first = Math.max(0, Math.floor((us - spanUs) / SEGMENT_US));
    clearTimeout(this.later);
    await Promise.all(Array.from({ length: index - first + 1 }, (_, k) => this.load(first + k)));
    // Only where somebody stays is fetched what may be needed soon: the ticks before, for prices that have stood long,
    // and those to come.
    clearTimeout(this.later);
    this.later = setTimeout(() => {
      if (first > 0) this.load(first - 1);
      this.after(index, 2);
    }, LATER_MS);
  }

  /** Fetch ahead of a playhead; does nothing while it stays in its segment. */
  ahead(us, count) {
    const index = Math.floor(us / SEGMENT_US);
    if (index === this.at) return;
    this.at = index;
    Promise.resolve(this.load(index)).catch((error) => {
      this.at = null; // who plays on asks for it again
      this.failed(error);
    });
    this.after(index, Math.min(count, 12));
  }

  after(index, count) {
    const last = Math.min(index + count, LATEST_US / SEGMENT_US - 1);
    for (let next = index + 1; next <= last; next++) this.load(next);
  }

  has(us) {
    return this.kept.has(Math.floor(us / SEGMENT_US));
  }

  load(index) {
    if (this.kept.has(index)) return this.kept.get(index);
    if (!this.loading.has(index)) {
      const load = this.fetch(index).finally(() => this.loading.delete(index));
      load.catch(() => {}); // whoever waits for it reports it
      this.loading.set(index, load);
    }
    return this.loading.get(index);
  }

  async fetch(index) {
    const from = index * SEGMENT_US;
    const { symbol, snapshot } = this;
    const frame = await ask("/api/ticks", { symbol, snapshot, from, to: from + SEGMENT_US });
    const segment = byVenue(frame, this.venueCount);
    this.kept.set(index, segment);
    this.forget(index);
    return segment;
  }

  // Those farthest from where we are now.
  forget(index) {
    const total = () => [...this.kept.values()].reduce((sum, each) => sum + each.total, 0);
    while (this.kept.size > 3 && (this.kept.size > MOST_KEPT || total() > MOST_TICKS)) {
      const farthest = [...this.kept.keys()].reduce((a, b) => (Math.abs(a - index) > Math.abs(b - index) ? a : b));
      this.kept.delete(farthest);
    }
  }

  /** Call visit(ticks, from, to, base) for the runs of a venue's ticks in [fromUs, toUs], in time order. */
  each(venue, fromUs, toUs, visit) {
    for (let index = Math.floor(fromUs / SEGMENT_US); index * SEGMENT_US <= toUs; index++) {
      const segment = this.kept.get(index);
      if (!segment) continue;
      const ticks = segment.venues[venue];
      const from = lowerBound(ticks.us, fromUs - segment.from);
      const to = lowerBound(ticks.us, toUs - segment.from + 1);
      if (to > from) visit(ticks, from, to, segment.from);
    }
  }

  /** The last tick of a venue at or before an instant, among the segments near it. */
  last(venue, us) {
    for (let index = Math.floor(us / SEGMENT_US), tries = 0; tries < 4; index--, tries++) {
      const segment = this.kept.get(index);
      if (!segment) continue;
      const ticks = segment.venues[venue];
      const k = lowerBound(ticks.us, us - segment.from + 1) - 1;
      if (k >= 0) return { ticks, k, us: segment.from + ticks.us[k] };
    }
    return undefined;
  }

  /** The instant of the next trade (by = 1) or the one before (by = -1), loading what it takes; undefined if none is
   * near. */
  async neighbour(us, by) {
    for (let index = Math.floor(us / SEGMENT_US), tries = 0; tries < 15 && index >= 0; index += by, tries++) {
      const { order, from } = await this.load(index);
      const at = order.offset_us;
      const k = by > 0 ? lowerBound(at, us - from + 1) : lowerBound(at, us - from) - 1;
      if (k >= 0 && k < at.length) return from + at[k];
    }
    return undefined;
  }
}

/** The first index whose value is not below a limit. */
export function lowerBound(sorted, limit) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

export const venueOf = (code) => code & 63;
/** 0 if the taker sold, 1 if it bought, 2 if the exchange doesn't say. */
export const sideOf = (code) => code >> 6;

/** Split a frame by venue. A trade has no bid and ask, but takers tell them: who sells hits the bid, who buys lifts the
 * ask. */
export function byVenue({ from_us: from, columns }, count) {
  const { offset_us, price, quantity, venue_side } = columns;
  const total = offset_us.length;
  const sizes = new Array(count).fill(0);
  for (let k = 0; k < total; k++) sizes[venueOf(venue_side[k])]++;
  const venues = sizes.map((n) => ({
    us: new Int32Array(n),
    price: new Float64Array(n),
    mid: new Float64Array(n),
    spread: new Float32Array(n),
    n: 0,
    bid: 0,
    ask: 0,
  }));
  for (let k = 0; k < total; k++) {
    const ticks = venues[venueOf(venue_side[k])];
    const at = ticks.n++;
    const side = sideOf(venue_side[k]);
    ticks.us[at] = offset_us[k];
    ticks.price[at] = price[k];
    if (side === 1) ticks.ask = price[k];
    else if (side === 0) ticks.bid = price[k];
    const isKnown = ticks.bid && ticks.ask >= ticks.bid;
    ticks.mid[at] = isKnown ? (ticks.bid + ticks.ask) / 2 : price[k];
    ticks.spread[at] = isKnown ? (1e4 * (ticks.ask - ticks.bid)) / price[k] : at ? ticks.spread[at - 1] : 0;
  }
  return { from, total, order: { offset_us, price, quantity, venue_side }, venues };
}
