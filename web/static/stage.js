// The stage: one lane for each venue over one time axis, read like a seismograph. Ticks glow when they are new and cool
// down; the leader's path stands behind each follower's, and what lies between the two is filled: the wider, the later.
import { Columns } from "./columns.js";
import { writeMarks } from "./marks.js";
import { Raster } from "./raster.js";

export const NOW_AT = 0.76; // where on the axis the present is; to its right stand names and prices
export const AXIS = 20;
const PAD = 9; // heights, in CSS pixels
const GLOW_US = 180_000; // at speed 1: how long ticks glow, and until when they have cooled
const COOL_US = 600_000;
const STEPS_US = [1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7];
export const THRESHOLD_BPS = 8;

export class Stage {
  us = 0;
  spanUs = 1_200_000;
  range = null;
  moves = [];
  selected = null;
  venues = []; // as the server lists them
  order = []; // which venue each lane shows, the leader's first
  scales = []; // by which prices of a venue are multiplied, to take off its basis
  hasLeader = false;

  constructor(host, paint) {
    this.host = host;
    this.paint = paint;
    this.raster = new Raster(host);
    this.resize();
    new ResizeObserver(() => this.resize()).observe(host);
  }

  /** Show other venues, or other ticks of the same. */
  show(venues, segments) {
    Object.assign(this, { venues, segments, range: null, moves: [], selected: null, hasLeader: false });
    this.order = venues.map((_, venue) => venue);
    this.scales = venues.map(() => 1);
    this.resize();
  }

  lead(exchange) {
    const leader = this.venues.findIndex((venue) => venue.exchange === exchange);
    this.hasLeader = leader >= 0 && this.venues.length > 1;
    this.order = this.venues.map((_, venue) => venue);
    if (leader > 0) this.order = [leader, ...this.order.filter((venue) => venue !== leader)];
  }

  resize() {
    const { left, top, width, height } = this.host.getBoundingClientRect();
    const box = { left: left + scrollX, top: top + scrollY, width, height };
    this.raster.resize(box, Math.min(devicePixelRatio || 1, 2));
    this.width = this.raster.width / this.raster.scale;
    this.height = this.raster.height / this.raster.scale;
    this.columns = this.venues.map(() => new Columns(this.raster.width));
    this.apart = new Float32Array(this.raster.width + 1);
    this.wide = new Float32Array(this.raster.width + 1);
    this.ribbonHeight = Math.round(Math.min(100, this.height * 0.2));
    this.laneHeight = (this.height - this.ribbonHeight - AXIS) / Math.max(1, this.venues.length);
    this.resized = true;
  }

  get fromUs() {
    return this.us - this.spanUs * NOW_AT;
  }

  get leader() {
    return this.order[0];
  }

  /** How many ticks the last picture shows. */
  get visible() {
    return this.columns.reduce((sum, { ticks }) => sum + ticks, 0);
  }

  get step() {
    return STEPS_US.find((step) => (step / this.spanUs) * this.width > 84) ?? 2e7;
  }

  x(us) {
    return ((us - this.fromUs) / this.spanUs) * this.width;
  }

  usAt(x) {
    return this.fromUs + (x / this.width) * this.spanUs;
  }

  /** The height of a price, without its basis, in a lane. */
  y(price, lane) {
    const [low, high] = this.range;
    return lane * this.laneHeight + PAD + ((high - price) / (high - low)) * (this.laneHeight - 2 * PAD);
  }

  /** How high a bps is, in CSS pixels. */
  get perBps() {
    const [low, high] = this.range;
    return ((this.laneHeight - 2 * PAD) * (low + high) * 0.5e-4) / (high - low);
  }

  draw(us, pace) {
    this.us = us;
    this.resized = false;
    const { raster, paint } = this;
    raster.clear(paint.pixels.page);
    if (!this.segments) return void raster.show();
    this.collect();
    this.drawGrid();
    if (this.follow()) {
      this.order.forEach((venue, lane) => this.drawLane(venue, lane, pace));
      this.drawRibbon();
    }
    writeMarks(this, raster.show());
  }

  // Behind is what lies there for long, then the embers, the trace, and on top of it the ticks that still glow.
  drawLane(venue, lane, pace) {
    if (!this.columns[venue].end) return;
    const slow = Math.max(pace, 0.05);
    const { ramp } = this.paint.pixels.venues[this.venues[venue].look];
    this.drawAreas(venue, lane);
    this.drawTicks(venue, lane, this.fromUs, this.us - GLOW_US * slow, ramp, COOL_US * slow);
    this.drawTrace(venue, lane);
    this.drawTicks(venue, lane, this.us - GLOW_US * slow, this.us, ramp, COOL_US * slow);
  }

  // Where prices lie in a lane, in device pixels: top, bottom, and the height of a price, which is zero - price * per.
  lane(lane) {
    const { range, raster, laneHeight } = this;
    const per = ((laneHeight - 2 * PAD) * raster.scale) / (range[1] - range[0]);
    const top = Math.ceil(lane * laneHeight * raster.scale) + 1;
    const bottom = Math.floor((lane + 1) * laneHeight * raster.scale) - 1;
    return [top, bottom, this.y(range[1], lane) * raster.scale + range[1] * per, per];
  }

  collect() {
    const { fromUs, us, raster } = this;
    const perUs = raster.width / this.spanUs;
    this.columns.forEach((columns, venue) => {
      columns.clear(this.segments.last(venue, fromUs - 1), this.scales[venue]);
      this.segments.each(venue, Math.ceil(fromUs), us, (ticks, from, to, base) =>
        columns.add(ticks, from, to, base - fromUs, perUs),
      );
      columns.fill(Math.ceil(raster.width * NOW_AT), fromUs, perUs);
    });
  }

  // One price range for all lanes, so that heights compare; it follows the market softly.
  follow() {
    const known = this.columns.filter((columns) => columns.end);
    if (!known.length) {
      this.range = null;
      return false;
    }
    const low = Math.min(...known.map((columns) => columns.least));
    const high = Math.max(...known.map((columns) => columns.most));
    const middle = (low + high) / 2;
    const half = Math.max((high - low) * 0.55, middle * 2.5e-4);
    const wanted = [middle - half, middle + half];
    const old = this.range;
    const isFar = !old || Math.abs(old[0] - wanted[0]) > half * 6;
    this.range = isFar ? wanted : wanted.map((value, k) => old[k] + (value - old[k]) * 0.14);
    return true;
  }

  /** Show the present at once, without following softly; for a jump. */
  settle() {
    this.range = null;
  }

  drawGrid() {
    const { raster, paint, step } = this;
    const { scale, height } = raster;
    for (let us = Math.ceil(this.fromUs / step) * step; us < this.fromUs + this.spanUs; us += step) {
      const x = Math.round(this.x(us) * scale);
      if (x >= 0 && x < raster.width) raster.run(x, 0, height, paint.pixels.grid);
    }
    for (let lane = 1; lane <= this.venues.length; lane++) {
      raster.row(Math.round(lane * this.laneHeight * scale), paint.pixels.line);
    }
    raster.row(Math.round((this.height - this.ribbonHeight) * scale), paint.pixels.line);
  }

  drawAreas(venue, lane) {
    const { raster, paint } = this;
    const own = this.columns[venue];
    const lead = this.columns[this.leader];
    const { band } = paint.pixels.venues[this.venues[venue].look];
    const { ghost } = paint.pixels.venues[this.venues[this.leader].look];
    const [top, bottom, zero, per] = this.lane(lane);
    const isFollower = lane > 0 && this.hasLeader && lead.end > 0;
    let before = zero - lead.mid[0] * per;
    for (let c = 0; c < own.end; c++) {
      const silent = own.silent[c];
      if (isFollower) {
        const of = zero - lead.mid[c] * per;
        if (!silent) raster.run(c, of, zero - own.mid[c] * per, paint.pixels.gap, top, bottom);
        raster.run(c, before, of, ghost, top, bottom);
        before = of;
      }
      if (silent) this.hatch(c, top, bottom);
      else if (own.hit[c]) raster.run(c, zero - own.high[c] * per, zero - own.low[c] * per, band, top, bottom);
    }
  }

  // A venue that has long been silent: slanted lines instead of a price that may have changed.
  hatch(c, top, bottom) {
    const { words, width, scale } = this.raster;
    const every = Math.round(8 * scale);
    for (let y = top + ((every - ((c + top) % every)) % every); y <= bottom; y += every) {
      words[y * width + c] = this.paint.pixels.hatch;
    }
  }

  drawTrace(venue, lane) {
    const { raster, paint } = this;
    const { mid, silent, end } = this.columns[venue];
    const { trace } = paint.pixels.venues[this.venues[venue].look];
    const [top, bottom, zero, per] = this.lane(lane);
    const thick = Math.round(2 * raster.scale) - 1;
    for (let c = 0, before = zero - mid[0] * per; c < end; c++) {
      const y = zero - mid[c] * per;
      if (!silent[c]) raster.run(c, Math.min(before, y), Math.max(before, y) + thick, trace, top, bottom);
      before = y;
    }
  }

  drawTicks(venue, lane, sinceUs, untilUs, ramp, coolUs) {
    const { raster, us, fromUs } = this;
    const { words, width, scale } = raster;
    const [top, bottom, zero, perPrice] = this.lane(lane);
    const per = perPrice * this.scales[venue];
    const perUs = width / this.spanUs;
    const dot = Math.max(2, Math.round(1.5 * scale));
    const last = ramp.length - 1;
    this.segments.each(venue, Math.max(sinceUs, Math.ceil(fromUs)), untilUs, (ticks, from, to, base) => {
      for (let k = from; k < to; k++) {
        const at = base + ticks.us[k];
        const x = ((at - fromUs) * perUs) | 0;
        const y = (zero - ticks.price[k] * per) | 0;
        if (y < top || y > bottom - dot || x > width - dot) continue;
        const word = ramp[Math.min(last, (((us - at) / coolUs) * last) | 0)];
        for (let row = 0, start = y * width + x; row < dot; row++, start += width) {
          for (let i = 0; i < dot; i++) words[start + i] = word;
        }
      }
    });
  }

  // Above its line, how far the venues disagree; below it, the widest spread that takers paid.
  drawRibbon() {
    const { raster, paint, columns, apart, wide } = this;
    const { scale, height: bottom } = raster;
    const tall = (this.ribbonHeight - 8) * scale;
    const top = bottom - tall;
    const zero = Math.round(top + tall * 0.72);
    const end = Math.ceil(raster.width * NOW_AT);
    let most = THRESHOLD_BPS * 1.5;
    let widest = 8;
    for (let c = 0; c < end; c++) {
      let low = Infinity;
      let high = 0;
      let spread = 0;
      for (const own of columns) {
        if (!own.end || own.silent[c]) continue;
        const mid = own.mid[c];
        if (mid < low) low = mid;
        if (mid > high) high = mid;
        if (own.spread[c] > spread) spread = own.spread[c];
      }
      apart[c] = high > 0 ? 1e4 * (high / low - 1) : 0;
      wide[c] = spread;
      if (apart[c] > most) most = apart[c];
      if (spread > widest) widest = spread;
    }
    this.most = this.most ? this.most + (most * 1.08 - this.most) * 0.12 : most * 1.08;
    this.widest = this.widest ? this.widest + (widest - this.widest) * 0.12 : widest;
    const per = (zero - top) / this.most;
    const perWide = (bottom - zero - 2) / this.widest;
    const limit = zero - THRESHOLD_BPS * per;
    for (let c = 0; c < end; c++) {
      const y = zero - apart[c] * per;
      raster.run(c, Math.max(y, limit), zero - 1, paint.pixels.calm, top);
      if (y < limit) raster.run(c, y, limit, paint.pixels.alarm, top);
      raster.run(c, zero + 1, zero + 1 + wide[c] * perWide, paint.pixels.spread);
    }
    for (let c = 0; c < end; c += 6) raster.row(Math.round(limit), paint.pixels.limit, c, c + 3);
    this.now = { apart: apart[end - 1], spread: wide[end - 1], zero: zero / scale, top: top / scale };
  }

  /** The tick nearest to a point of the picture, among those shown: its venue, instant, price, and which of that
   * instant's it is. */
  nearest(x, y) {
    if (!this.range) return undefined;
    const lane = Math.min(this.order.length - 1, Math.floor(y / this.laneHeight));
    const venue = this.order[lane];
    const us = this.usAt(x);
    const reach = (10 / this.width) * this.spanUs;
    let best;
    let least = 400;
    this.segments.each(venue, us - reach, Math.min(us + reach, this.us), (ticks, from, to, base) => {
      for (let k = from; k < to; k++) {
        const height = this.y(ticks.price[k] * this.scales[venue], lane);
        const away = (this.x(base + ticks.us[k]) - x) ** 2 + (height - y) ** 2;
        if (away < least) {
          least = away;
          best = { venue, ...tickAt(ticks, k, base) };
        }
      }
    });
    return best;
  }
}

/** A tick, and which of its venue's at that instant it is, from 0. */
export function tickAt(ticks, k, base) {
  let first = k;
  while (first > 0 && ticks.us[first - 1] === ticks.us[k]) first--;
  return { us: base + ticks.us[k], price: ticks.price[k], nth: k - first };
}
