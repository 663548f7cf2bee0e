// A symbol on the live page: a row for each venue, the strip, how far apart they are, and why. What changes fast is drawn
// on a canvas; the table says the same once a second, out of sight.
import { Canvas } from "./live_canvas.js";
import { explain, words } from "./live_causes.js";

const JUMP_BPS = 4;
const JUMP_SHOWN_MS = 400;
const HISTORY = 150;
const MOST_PLACES = 8;
const RANKED = 25; // a fifth of a second each: five seconds
const RANK_BPS = 4;
const NUMBERS = ["bid", "ask", "last", "size", "spread", "age"];

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

/** The newest quote of a venue: its name in the table, and its numbers on the canvas. */
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
    name.appendChild(make("i", "glyph")).setAttribute("aria-hidden", "true");
    textIn(name, "span").data = venue.title;
    const said = this.element.appendChild(make("div", "said"));
    this.said = NUMBERS.map((number) => textIn(said.appendChild(make("div", number, "cell"))));
    this.prices = { bid: price(), ask: price() };
    this.texts = { last: "", size: "", spread: "", age: "" };
  }

  get mid() {
    return (this.bid + this.ask) / 2;
  }

  /** Draw the prices in line `k` of a canvas. */
  paint(canvas, k, now) {
    this.isChanged = false;
    this.places = Math.min(MOST_PLACES, Math.max(this.places, decimals(this.bid), decimals(this.ask)));
    for (const side of ["bid", "ask"]) {
      const shown = this.prices[side];
      this.note(shown, this[side], now);
      const { still, lit, jumpedAt } = shown;
      canvas.number(k, side, { still, lit, isStale: this.isStale, hasJumped: jumpedAt > 0 });
    }
  }

  // What stayed the same is dim and what changed is lit, so the eye finds the digit that moved. Large moves are
  // underlined for a moment.
  note(shown, value, now) {
    if (shown.jumpedAt && now - shown.jumpedAt > JUMP_SHOWN_MS) shown.jumpedAt = 0;
    const text = value.toFixed(this.places);
    if (shown.text === text) return;
    let same = 0;
    while (same < text.length - 1 && text[same] === shown.text[same]) same++;
    if (shown.value && Math.abs(value / shown.value - 1) > JUMP_BPS * 1e-4) shown.jumpedAt = now;
    Object.assign(shown, { text, value, still: text.slice(0, same), lit: text.slice(same) });
  }

  /** Draw what needs no more than five pictures a second. */
  paintSlowly(canvas, k, now, serverMs, staleMs) {
    if (!this.at) return;
    this.paint(canvas, k, now);
    const { texts, last, size } = this;
    if (last) {
      texts.last = last.toFixed(this.places);
      texts.size = size < 100 ? size.toFixed(3) : size.toFixed(0);
    }
    texts.spread = ((1e4 * (this.ask - this.bid)) / this.mid).toFixed(1);
    const age = Math.max(0, serverMs - this.at);
    texts.age = age < 1000 ? `${Math.round(age)} ms` : age < 100_000 ? `${(age / 1000).toFixed(1)} s` : "> 99 s";
    if (age > staleMs !== this.isStale) {
      this.isStale = !this.isStale;
      this.element.classList.toggle("stale", this.isStale);
    }
    const { isStale } = this;
    for (const name of ["last", "size", "spread"]) canvas.number(k, name, { lit: texts[name], isQuiet: true, isStale });
    canvas.number(k, "age", { lit: texts.age, isQuiet: true, isAlarm: isStale });
  }

  /** Write the numbers into the table, for those who don't see the canvas. */
  say() {
    const { bid, ask } = this.prices;
    const { last, size, spread, age } = this.texts;
    [bid.text, ask.text, last, size, spread, age].forEach((text, k) => put(this.said[k], text));
  }
}

const price = () => ({ text: "", still: "", lit: "", value: 0, jumpedAt: 0 });

function decimals(price) {
  const text = String(price);
  const point = text.indexOf(".");
  return text.includes("e") ? MOST_PLACES : point < 0 ? 0 : text.length - point - 1;
}

/** The block of a symbol. */
export class Block {
  constructor(symbol, venues, rows, history, board) {
    Object.assign(this, { symbol, board });
    this.remember(history);
    this.isSeen = true;
    this.reading = null;
    this.cause = null;
    this.top = 0;
    this.paintedSlowlyAt = -Infinity;
    this.saidAt = -Infinity;
    this.element = make("div", "block", "rowgroup");
    this.element.dataset.symbol = symbol;
    this.element.style.setProperty("--venues", rows.length);
    this.rows = rows.map(([, number, product, currency]) => new Row(this, venues[number], product, currency));
    this.element.append(...this.rows.map((row) => row.element));
    this.canvas = new Canvas(rows.length);
    this.element.append(this.canvas.element);
    const first = this.rows[0].element;
    const whole = (parent, className, role = "cell") => {
      const cell = make("div", `whole ${className}`, role);
      cell.setAttribute("aria-rowspan", rows.length);
      parent.append(cell);
      return cell;
    };
    const name = whole(first, "name", "rowheader");
    name.append(symbol.split("-")[0], make("small"));
    name.lastChild.textContent = symbol;
    first.prepend(name);
    const said = first.querySelector(".said");
    this.stripSaid = textIn(whole(said, "strip"));
    this.apartSaid = textIn(whole(said, "apart"));
    const cause = whole(first, "cause wide");
    this.causeTitle = textIn(cause, "strong");
    this.causeWords = textIn(cause, "span");
  }

  /** Begin with what the server remembers of how far apart the venues were. */
  remember(values) {
    this.history = { values, count: values.length };
  }

  read(reading, serverCause) {
    this.reading = reading;
    this.serverCause = serverCause;
    this.history.values.push(reading.apart);
    this.history.count++;
    if (this.history.values.length > HISTORY) this.history.values.shift();
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

  /** What has changed since the last time. */
  paint({ now, limits, columns, theme }) {
    if (!this.isSeen) return;
    this.canvas.begin(columns, theme);
    let isChanged = false;
    this.rows.forEach((row, k) => {
      if (!row.isChanged) return;
      row.paint(this.canvas, k, now);
      isChanged = true;
    });
    if (isChanged) this.paintStrip(limits);
  }

  /** What needs no more than five pictures a second. */
  paintSlowly(scene) {
    this.paintedSlowlyAt = scene.now;
    this.judge(scene.limits);
    if (this.isSeen) this.paintWhole(scene);
  }

  paintWhole({ now, serverMs, limits, columns, theme }) {
    const isNew = this.canvas.era !== columns.era || this.canvas.theme !== theme;
    this.canvas.begin(columns, theme);
    this.rows.forEach((row, k) => row.paintSlowly(this.canvas, k, now, serverMs, this.board.stale_ms));
    this.paintStrip(limits);
    if (this.reading && (this.isRead || isNew)) this.paintReading(limits);
  }

  paintStrip({ threshold }) {
    const known = this.rows.filter((row) => row.at).map((row) => Math.log(row.mid));
    const middle = median(known);
    this.venues = this.rows.map((row) => {
      const off = row.at ? 1e4 * (Math.log(row.mid) - middle) : null;
      return { look: row.look, off, isStale: row.isStale };
    });
    this.canvas.strip(this.venues, { threshold, isReal: this.isReal });
  }

  paintReading(limits) {
    this.isRead = false;
    this.canvas.apart(this.reading.apart.toFixed(1), this.history, { threshold: limits.threshold, isReal: this.isReal });
    const className = `block${this.isReal ? " real" : this.cause ? " over" : ""}`;
    if (this.element.className !== className) this.element.className = className;
    put(this.causeTitle, this.cause?.title ?? "");
    put(this.causeWords, this.cause ? words(this.cause, this.reading, limits) : "");
  }

  /** Write into the table what the canvas shows, for those who don't see it. A symbol out of sight is painted only for
   * this, so that its numbers, its cause and its stale venues are never older than the table. */
  say(scene) {
    this.saidAt = scene.now;
    if (!this.isSeen) this.paintWhole(scene);
    for (const row of this.rows) row.say();
    const distances = this.venues?.map(({ off }) => (off === null ? "no quote" : `${off.toFixed(1)} bps`)) ?? [];
    put(this.stripSaid, distances.join(", "));
    put(this.apartSaid, this.reading ? `${this.reading.apart.toFixed(1)} bps` : "");
  }

  /** How high it stands: calm symbols all stand equal, so that they hold still. */
  rank(limits) {
    const worst = Math.max(0, ...this.history.values.slice(-RANKED));
    return worst > limits.threshold ? Math.round(worst / RANK_BPS) : 0;
  }
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
