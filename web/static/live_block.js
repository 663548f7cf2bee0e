// A symbol on the live page: a row for each venue, the strip, how far apart they are, and why.
import { explain, words } from "./live_causes.js";
import { drawSpark, drawStrip } from "./strip.js";

const JUMP_BPS = 4;
const JUMP_SHOWN_MS = 400;
const HISTORY = 150;
const MOST_PLACES = 8;
const RANKED = 25; // a fifth of a second each: five seconds
const RANK_BPS = 4;

const make = (tag, className, role) => {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (role) made.setAttribute("role", role);
  return made;
};
const textIn = (parent, tag, className) => {
  const node = document.createTextNode("");
  if (tag) parent.appendChild(make(tag, className)).append(node);
  else parent.append(node);
  return node;
};
export const put = (node, text) => {
  if (node.data !== text) node.data = text;
};

/** The newest quote of a venue, and its cells. */
export class Row {
  constructor(block, venue, product, currency) {
    Object.assign(this, { block, look: venue.look, currency, bid: 0, ask: 0, last: 0, size: 0, at: 0 });
    this.isStale = false;
    this.isChanged = false;
    this.places = 0;
    this.element = make("div", "row", "row");
    this.element.dataset.venue = venue.look;
    const name = this.element.appendChild(make("div", "cell venue", "cell"));
    name.title = `${venue.title} ${product}`;
    const glyph = name.appendChild(make("i", "glyph"));
    glyph.setAttribute("aria-hidden", "true");
    textIn(name, "span").data = venue.title;
    this.cells = {
      bid: this.priced(),
      ask: this.priced(),
      last: this.plain("number wide quiet"),
      size: this.plain("number wide quiet"),
      spread: this.plain("number wide quiet"),
      age: this.plain("number age quiet"),
    };
  }

  // Only a whole block is contained: a box of its own for every number costs more to paint than it saves in layout.
  cell(className) {
    return this.element.appendChild(make("div", `cell ${className}`, "cell"));
  }

  plain(className) {
    return textIn(this.cell(className));
  }

  // What stayed the same is dim and what changed is lit, so the eye finds the digit that moved.
  priced() {
    const box = this.cell("number");
    return { box, still: textIn(box, "span", "still"), lit: textIn(box), text: "", value: 0, jumpedAt: 0 };
  }

  get mid() {
    return (this.bid + this.ask) / 2;
  }

  paint(now) {
    this.isChanged = false;
    this.places = Math.min(MOST_PLACES, Math.max(this.places, decimals(this.bid), decimals(this.ask)));
    this.paintPrice(this.cells.bid, this.bid, now);
    this.paintPrice(this.cells.ask, this.ask, now);
  }

  // Large moves are underlined for a moment, by a class that a timer takes away: an animation costs style and paint in
  // every frame.
  paintPrice(price, value, now) {
    const text = value.toFixed(this.places);
    if (price.text === text) return;
    let same = 0;
    while (same < text.length - 1 && text[same] === price.text[same]) same++;
    put(price.still, text.slice(0, same));
    put(price.lit, text.slice(same));
    if (price.value && Math.abs(value / price.value - 1) > JUMP_BPS * 1e-4) {
      if (!price.jumpedAt) price.box.classList.add("jumped");
      price.jumpedAt = now;
    }
    Object.assign(price, { text, value });
  }

  paintSlowly(now, serverMs, staleMs) {
    for (const price of [this.cells.bid, this.cells.ask]) {
      if (price.jumpedAt && now - price.jumpedAt > JUMP_SHOWN_MS) {
        price.box.classList.remove("jumped");
        price.jumpedAt = 0;
      }
    }
    if (!this.at) return;
    if (this.last) {
      put(this.cells.last, this.last.toFixed(this.places));
      put(this.cells.size, this.size < 100 ? this.size.toFixed(3) : this.size.toFixed(0));
    }
    put(this.cells.spread, ((1e4 * (this.ask - this.bid)) / this.mid).toFixed(1));
    const age = Math.max(0, serverMs - this.at);
    put(this.cells.age, age < 1000 ? `${Math.round(age)} ms` : age < 100_000 ? `${(age / 1000).toFixed(1)} s` : "> 99 s");
    if (age > staleMs !== this.isStale) {
      this.isStale = !this.isStale;
      this.element.classList.toggle("stale", this.isStale);
    }
  }
}

function decimals(price) {
  const text = String(price);
  const point = text.indexOf(".");
  return text.includes("e") ? MOST_PLACES : point < 0 ? 0 : text.length - point - 1;
}

/** The block of a symbol. */
export class Block {
  constructor(symbol, venues, rows, history, board) {
    Object.assign(this, { symbol, board, history });
    this.isSeen = true;
    this.reading = null;
    this.cause = null;
    this.top = 0;
    this.element = make("div", "block", "rowgroup");
    this.element.dataset.symbol = symbol;
    this.element.style.setProperty("--venues", rows.length);
    this.rows = rows.map(([, number, product, currency]) => new Row(this, venues[number], product, currency));
    this.element.append(...this.rows.map((row) => row.element));
    const first = this.rows[0].element;
    const whole = (className, role = "cell") => {
      const cell = make("div", `whole ${className}`, role);
      cell.setAttribute("aria-rowspan", rows.length);
      return cell;
    };
    const name = whole("name", "rowheader");
    name.append(symbol.split("-")[0], make("small"));
    name.lastChild.textContent = symbol;
    const strip = whole("strip");
    this.strip = strip.appendChild(make("canvas"));
    this.stripWords = textIn(strip, "span", "visually-hidden");
    const apart = whole("apart");
    this.spark = apart.appendChild(make("canvas"));
    this.spark.setAttribute("aria-hidden", "true");
    this.apart = textIn(apart, "span");
    textIn(apart, "small").data = "bps";
    const cause = whole("cause wide");
    this.causeTitle = textIn(cause, "strong");
    this.causeWords = textIn(cause, "span");
    first.prepend(name);
    first.append(strip, apart, cause);
  }

  read(reading, serverCause) {
    this.reading = reading;
    this.serverCause = serverCause;
    this.history.push(reading.apart);
    if (this.history.length > HISTORY) this.history.shift();
    this.isRead = true;
  }

  /** Judge with this viewer's threshold. The server's verdict holds where the threshold is the server's. */
  judge(limits) {
    if (!this.reading) return;
    const isServers = limits.threshold === this.board.limits.threshold;
    this.cause = isServers ? this.serverCause : explain(this.board, this.reading, limits, this.cause);
  }

  get isReal() {
    return this.cause?.name === "real";
  }

  /** What has changed since the last time; `isSlow` five times a second. */
  paint({ now, serverMs, limits, theme, isSlow }) {
    const changed = this.rows.filter((row) => row.isChanged);
    if (!this.isSeen) return;
    for (const row of changed) row.paint(now);
    if (isSlow) for (const row of this.rows) row.paintSlowly(now, serverMs, this.board.stale_ms);
    if (changed.length || isSlow) this.paintStrip(limits, theme, isSlow);
    if (isSlow && this.isRead) this.paintReading(limits, theme);
  }

  paintStrip(limits, theme, isSlow) {
    const known = this.rows.filter((row) => row.at).map((row) => Math.log(row.mid));
    const middle = median(known);
    const venues = this.rows.map((row) => {
      const off = row.at ? 1e4 * (Math.log(row.mid) - middle) : null;
      return { look: row.look, off, isStale: row.isStale };
    });
    this.venues = venues;
    // what moved by less than a pixel is drawn already
    const drawn = [limits.threshold, this.isReal, ...venues.map(({ off, isStale }) => `${off?.toFixed(1)}${isStale}`)].join();
    if (drawn === this.drawn && theme === this.drawnIn && !isSlow) return;
    Object.assign(this, { drawn, drawnIn: theme });
    drawStrip(this.strip, venues, { threshold: limits.threshold, isReal: this.isReal, theme });
  }

  paintReading(limits, theme) {
    this.isRead = false;
    put(this.apart, this.reading.apart.toFixed(1));
    const className = `block${this.isReal ? " real" : this.cause ? " over" : ""}`;
    if (this.element.className !== className) this.element.className = className;
    put(this.causeTitle, this.cause?.title ?? "");
    put(this.causeWords, this.cause ? words(this.cause, this.reading, limits) : "");
    put(this.stripWords, this.venues.map(({ off }) => (off === null ? "no quote" : `${off.toFixed(1)} bps`)).join(", "));
    drawSpark(this.spark, this.history, { threshold: limits.threshold, theme });
  }

  /** How high it stands: calm symbols all stand equal, so that they hold still. */
  rank(limits) {
    const worst = Math.max(0, ...this.history.slice(-RANKED));
    return worst > limits.threshold ? Math.round(worst / RANK_BPS) : 0;
  }
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
