// What the moves seen so far say: medians with an exact 95 % interval from order statistics, and no verdict on few.
export const LEAST = 12;
const AXIS_MS = 240;
const SVG = "http://www.w3.org/2000/svg";

/** The delays of a venue that have ended by an instant, sorted, in ms. */
export function delaysOf(moves, exchange, us) {
  return moves
    .filter(({ us: at, delays_ms }) => delays_ms[exchange] != null && at + delays_ms[exchange] * 1000 <= us)
    .map(({ delays_ms }) => delays_ms[exchange])
    .sort((a, b) => a - b);
}

/** The median, between the values that hold it with 95 % confidence: binomial, without assumption on the shape. */
export function medianInterval(sorted) {
  const n = sorted.length;
  const reach = 0.98 * Math.sqrt(n);
  const at = (rank) => sorted[Math.max(0, Math.min(n - 1, Math.round(rank)))];
  return [at(n / 2 - reach - 0.5), at((n - 1) / 2), at(n / 2 + reach - 0.5)];
}

export function quantile(sorted, part) {
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
}

/** What can be said at an instant: `head` is a list of texts and venues, `note` is a text. */
export function verdict({ venues, order, hasLeader, moves, us }) {
  if (venues.length === 1) {
    const note = "A second venue is needed to compare with.";
    return { head: ["Only ", venues[0], " has trades of this symbol."], note };
  }
  const seen = moves.filter((move) => move.us <= us);
  if (!hasLeader || !seen.length) return { head: ["Quiet. Nobody leads."], note: "Press Replay, or the space bar." };
  const [leader, ...followers] = order.map((venue) => venues[venue]);
  const known = followers.map((venue) => ({ venue, delays: delaysOf(seen, venue.exchange, us) }));
  const sure = known.filter(({ delays }) => delays.length >= LEAST);
  const most = Math.max(...known.map(({ delays }) => delays.length));
  if (!sure.length) {
    const head = ["Watching ", { strong: String(most) }, ` of the ${LEAST} moves that a verdict needs`];
    return { head, note: "Too few to tell a leader from luck." };
  }
  const parts = sure.slice(0, 3).flatMap(({ venue, delays }, k) => [
    k ? ", " : " ",
    venue,
    `${k ? "" : " followed"} after ${range(delays)} (n = ${delays.length})`,
  ]);
  return {
    head: [leader, " moved first.", ...parts, "."],
    note: "By the exchanges’ own clocks; 80 % of the moves lie within.",
  };
}

const range = (sorted) => `${quantile(sorted, 0.1).toFixed(0)}–${quantile(sorted, 0.9).toFixed(0)} ms`;

/** Write a verdict's head into an element. */
export function write(host, head) {
  host.replaceChildren(
    ...head.map((part) => {
      if (typeof part === "string") return document.createTextNode(part);
      const bold = document.createElement("b");
      bold.textContent = part.strong ?? part.name;
      if (part.look) bold.dataset.venue = part.look;
      return bold;
    }),
  );
}

/** Each follower's delays as dots, with their median and its interval. Redrawn only where one was added. */
export function drawDelays(host, { venues, order, hasLeader, moves, us, measured = [] }) {
  const followers = hasLeader ? order.slice(1).map((venue) => venues[venue]) : [];
  const known = followers.map((venue) => delaysOf(moves, venue.exchange, us));
  const key = `${followers.map((venue) => venue.exchange)}|${known.map((delays) => delays.length)}|${measured.length}`;
  if (host.dataset.key === key) return;
  host.dataset.key = key;
  const longest = known.flat().reduce((a, b) => Math.max(a, b), 0);
  const axis = longest > AXIS_MS ? 400 : AXIS_MS;
  const leader = hasLeader ? venues[order[0]] : null;
  host.replaceChildren(
    ...followers.map((venue, k) => {
      const found = measured.find((each) => each.leader === leader.exchange && each.follower === venue.exchange);
      return follower(venue, known[k], axis, found && measuredText(found, leader.quote, venue.quote));
    }),
  );
  if (followers.length) host.append(axisOf(axis));
}

function follower(venue, delays, axis, measured) {
  const host = element("div", "follower");
  host.dataset.venue = venue.look;
  const name = element("b", "", venue.name);
  const value = element("span", "mono");
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  const x = (ms) => `${(Math.min(axis, ms) / axis) * 100}%`;
  draw(svg, "line", { x1: 0, x2: "100%", y1: 21, y2: 21, class: "ground" });
  delays.forEach((ms, k) => draw(svg, "circle", { cx: x(ms), cy: 6 + ((k * 7) % 9), r: 1.6, class: "dot" }));
  if (delays.length < LEAST) {
    value.append(element("span", "muted", `n = ${delays.length}`));
  } else {
    const [low, median, high] = medianInterval(delays);
    value.append(`+${median.toFixed(0)} ms `);
    value.append(element("span", "muted", `[${low.toFixed(0)}, ${high.toFixed(0)}] n ${delays.length}`));
    const inner = { x1: x(quantile(delays, 0.1)), x2: x(quantile(delays, 0.9)), y1: 21, y2: 21, class: "most" };
    draw(svg, "line", inner);
    draw(svg, "line", { x1: x(low), x2: x(high), y1: 21, y2: 21, class: "interval" });
    draw(svg, "circle", { cx: x(median), cy: 21, r: 4, class: "median" });
  }
  host.append(element("i", "glyph"), name, value, svg);
  if (measured) host.append(element("p", "fine", measured));
  return host;
}

// What dbt has measured over the whole event, and over its day.
function measuredText({ median_ms, low_ms, high_ms, moves, day_ms }, quote, otherQuote) {
  const interval = median_ms === null ? "" : `[${low_ms.toFixed(0)}, ${high_ms.toFixed(0)}]`;
  const ofEvent = median_ms === null ? "no verdict" : `+${median_ms.toFixed(0)} ms ${interval}`;
  const ofDay = day_ms === null ? "no verdict" : `${day_ms < 0 ? "−" : "+"}${Math.abs(day_ms).toFixed(0)} ms`;
  const quotes = quote === otherQuote ? "" : `; ${otherQuote} against ${quote}`;
  return `dbt: ${ofEvent} n ${moves}; whole day ${ofDay}${quotes}`;
}

function axisOf(axis) {
  const host = element("div", "delay-axis");
  const marks = [0, axis / 3, (axis * 2) / 3, axis].map((ms) => element("span", "", ms.toFixed(0)));
  marks[3].append(" ms");
  host.append(...marks);
  return host;
}

function element(tag, name, text) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  return made;
}

function draw(svg, tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  svg.append(made);
}
