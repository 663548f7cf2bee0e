// The table of causes that the server sends, applied with this viewer's threshold. See web/causes.py.

/** The first cause that explains a reading, or null if it is below the threshold. `before` is the one found last. */
export function explain({ causes, closes_at, stays }, reading, limits, before) {
  if (reading.apart <= limits.threshold * (before ? closes_at : 1)) return null;
  const may = { ...limits, larger: Math.max(limits.threshold, limits.fees), anything: Infinity };
  return causes.find((cause) => reading[cause.left] <= may[cause.limit] * (cause === before ? stays : 1));
}

const FIELDS = ["apart", "fresh", "adjusted", "aligned", "stale", "currency", "basis", "laggard", "lag", "leader"];

/** A reading from the list that the server sends. */
export const readingOf = (values) => Object.fromEntries(FIELDS.map((name, k) => [name, values[k]]));

/** What a cause says of a reading. */
export function words(cause, reading, limits) {
  const beyond = Math.max(0, reading.aligned - limits.fees);
  const written = { ...reading, fees: String(limits.fees), beyond };
  return cause.words.replace(/{(\w+)}/g, (_, name) => {
    const value = written[name];
    if (typeof value === "string") return value;
    if (name === "lag") return value.toFixed(0);
    return name === "basis" ? signed(value) : value.toFixed(1);
  });
}

const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)}`;
