// The card that a tick opens: the trade, and everything from the exchange's message to the unified row.
import { ask } from "./frames.js";

const UNIFIED = ["trade_id", "quantity", "trade_ts", "ingest_ts"];

export class Evidence {
  constructor(card) {
    this.card = card;
    card.querySelector("[data-close]").addEventListener("click", () => card.close());
  }

  /** Show where a trade comes from; `near` is the point of the page that it is at. */
  async open({ symbol, snapshot, venue, us, nth }, near) {
    const asked = (this.asked = {});
    const found = await ask("/api/tick", { symbol, snapshot, exchange: venue.exchange, at: us, nth });
    if (asked !== this.asked) return; // another tick was chosen meanwhile
    this.fill(found, venue);
    this.card.show();
    this.place(near);
  }

  fill({ unified, unified_from, raw, load, mapping, remark }, venue) {
    const { card } = this;
    card.dataset.venue = venue.look;
    const put = (name, text) => (card.querySelector(`[data-${name}]`).textContent = text);
    put("name", venue.name);
    put("price", `${unified.side} ${unified.price}`);
    const facts = UNIFIED.map((name) => [name, unified[name]]);
    facts.push(["row", `${unified_from.table}, snapshot ${unified_from.snapshot}, ${unified_from.file}`]);
    if (load) facts.push(["load", loadText(load)]);
    if (raw) facts.push(["landed in", `${raw.table}, snapshot ${raw.snapshot ?? "unknown"}, ${raw.file}`]);
    if (mapping) facts.push(["mapping", `${mapping.file}, version ${load?.mapping_version ?? "unknown"}`]);
    if (mapping) facts.push(["rules", mapping.rules.map(ruleText).join("\n")]);
    if (remark) facts.push(["missing", remark]);
    const list = card.querySelector("dl");
    list.replaceChildren(...facts.flatMap(([name, value]) => [term("dt", name), term("dd", value)]));
    put("payload", raw?.payload ? pretty(raw.payload) : JSON.stringify(raw?.row ?? null, null, 1));
  }

  place(near) {
    const { card } = this;
    const { width, height } = card.getBoundingClientRect();
    card.style.left = `${Math.max(8, Math.min(near.x + 14, innerWidth - width - 16))}px`;
    card.style.top = `${Math.max(52, Math.min(near.y - 40, innerHeight - height - 8))}px`;
  }
}

function loadText({ load_id, channel, rows, first_id, last_id, landed_at, unified_at, file }) {
  const ids = first_id ? `, ids ${first_id} to ${last_id}` : "";
  const from = file ? `, from ${file}` : "";
  const times = `landed ${landed_at ?? "?"}, unified ${unified_at ?? "?"}`;
  return `${load_id} over ${channel}, ${rows ?? "?"} rows${ids}${from}; ${times}`;
}

function ruleText({ column, source, transform, constant }) {
  if (source === null) return `${column} = ${JSON.stringify(constant)}`;
  return `${column} = ${transform ? `${transform}(${source})` : source}`;
}

function pretty(payload) {
  try {
    return JSON.stringify(JSON.parse(payload), null, 1);
  } catch {
    return payload;
  }
}

function term(tag, text) {
  return Object.assign(document.createElement(tag), { textContent: String(text) });
}
