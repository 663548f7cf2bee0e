// What the page's address holds: symbol, instant, width of the axis, speed, snapshot, and whether the basis is off.
import { iso, parseInstant } from "./instant.js";

export const SPEEDS = [0.05, 0.25, 1, 5, 25, 100];
export const SPANS_MS = [600, 1200, 2400, 6000, 12000, 30000];

/** What an address asks for; what it has wrong counts as not given. */
export function readAddress(search) {
  const given = new URLSearchParams(search);
  const among = (name, values) => values.find((value) => value === Number(given.get(name)));
  return {
    symbol: given.get("symbol"),
    us: given.has("at") ? parseInstant(given.get("at")) : null,
    spanMs: among("span", SPANS_MS) ?? 1200,
    speed: among("speed", SPEEDS) ?? 0.25,
    snapshot: given.get("snapshot"),
    isBasisOff: given.get("basis") !== "on",
  };
}

/** The symbol of exactly this name, otherwise the first that differs only in case; undefined if there is none. */
export function symbolNamed(symbols, name) {
  const lower = name.toLowerCase();
  return symbols.find(({ symbol }) => symbol === name) ?? symbols.find(({ symbol }) => symbol.toLowerCase() === lower);
}

export function writeAddress({ symbol, us, spanMs, speed, snapshot, isBasisOff }) {
  const values = { symbol, at: iso(us), span: spanMs, speed, snapshot, ...(isBasisOff ? {} : { basis: "on" }) };
  history.replaceState(null, "", `?${new URLSearchParams(values)}`);
}
