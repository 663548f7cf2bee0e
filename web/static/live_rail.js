// Beside the board: how each feed is, how long a message takes to the screen, and the alerts.
import { put } from "./live_block.js";

const make = (tag, className, text = "") => Object.assign(document.createElement(tag), { className, textContent: text });

export class Feeds {
  constructor(host, venues) {
    host.replaceChildren();
    this.rows = venues.map(({ title, look }) => {
      const row = host.appendChild(make("div", "feed"));
      row.dataset.venue = look;
      const glyph = row.appendChild(make("i", "glyph"));
      glyph.setAttribute("aria-hidden", "true");
      row.append(make("strong", "", title), make("span", "mono", "–"), make("span", "mono delay", "–"), make("small", ""));
      const [, , rate, delay, said] = row.children;
      return { row, rate: rate.firstChild, delay: delay.firstChild, said };
    });
  }

  paint(feeds, staleMs) {
    feeds.forEach((feed, k) => {
      const { row, rate, delay, said } = this.rows[k];
      const isStale = feed.silent_ms !== null && feed.silent_ms > staleMs;
      put(rate, `${Math.round(feed.messages_a_second)}/s`);
      if (isStale) put(delay, `${(feed.silent_ms / 1000).toFixed(1)} s`);
      else put(delay, feed.delay_ms === null ? "–" : `${feed.delay_ms.toFixed(0)} ms`);
      row.classList.toggle("stale", isStale);
      const words = this.words(feed);
      if (said.textContent !== words) said.textContent = said.title = words;
    });
  }

  words(feed) {
    if (feed.trouble) return feed.trouble;
    const found = [];
    if (feed.clock_ms) {
      const size = (Math.abs(feed.clock_ms) / 1000).toFixed(1);
      found.push(`its clock is ${size} s ${feed.clock_ms < 0 ? "ahead" : "behind"}`);
    }
    if (feed.reconnects) found.push(feed.reconnects === 1 ? "1 reconnect" : `${feed.reconnects} reconnects`);
    return found.join(" · ");
  }
}

const KEPT = 600;

/** From when the server packed a frame until this page has painted it. */
export class Latency {
  constructor(median, high) {
    Object.assign(this, { median: median.firstChild, high: high.firstChild, values: [] });
  }

  add(ms) {
    this.values.push(ms);
    if (this.values.length > KEPT) this.values.shift();
  }

  at(share) {
    const sorted = [...this.values].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  }

  paint() {
    if (!this.values.length) return;
    put(this.median, this.at(0.5).toFixed(0));
    put(this.high, this.at(0.95).toFixed(0));
  }
}

const SHOWN = 60;
const clock = (ms) => new Date(ms).toISOString().slice(11, 19);

/** The newest alerts; the server decides what one is. */
export class Alerts {
  constructor(list, said) {
    Object.assign(this, { list, said, items: new Map() });
    this.none = make("li", "none", "None so far");
    list.replaceChildren(this.none);
  }

  take(alerts) {
    for (const alert of alerts) {
      this.none.remove();
      this.show(alert, this.items.get(alert.number) ?? this.add(alert));
    }
  }

  add(alert) {
    const item = make("li", "");
    const time = make("time", "", clock(alert.began_ms));
    time.dateTime = new Date(alert.began_ms).toISOString();
    item.append(time, make("span", "subject"), make("span", "worst mono"), make("small", ""));
    this.items.set(alert.number, item);
    this.prepend(item);
    if (alert.cause === "real") this.said.textContent = `${alert.symbol}: venues are ${alert.worst_bps.toFixed(0)} bps apart`;
    return item;
  }

  show(alert, item) {
    item.className = `${alert.cause === "real" ? "real" : ""}${alert.ended_ms === null ? " open" : ""}`.trim();
    const [, subject, worst, words] = item.children;
    subject.textContent = alert.symbol ?? `${alert.venue}, all symbols`;
    worst.textContent = alert.worst_bps ? alert.worst_bps.toFixed(1) : "";
    const lasted = alert.ended_ms === null ? "" : ` · ${((alert.ended_ms - alert.began_ms) / 1000).toFixed(1)} s`;
    words.textContent = `${alert.title} · ${alert.words}${lasted}`;
  }

  /** What this page has missed is shown among the alerts. */
  missed(ms) {
    this.none.remove();
    const item = make("li", "missed");
    item.append(make("time", "", clock(Date.now() - ms)), make("span", "subject", "This page"), make("span", "worst"));
    item.append(make("small", "", `no connection for ${(ms / 1000).toFixed(1)} s`));
    this.prepend(item);
  }

  prepend(item) {
    this.list.prepend(item);
    while (this.list.children.length > SHOWN) this.list.lastChild.remove();
  }

  /** After a restart of the server, its alerts are numbered anew. */
  clear() {
    this.items.clear();
    this.list.replaceChildren(this.none);
  }
}
