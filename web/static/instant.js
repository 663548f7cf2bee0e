// Instants as people write them, and as the page shows them. All are UTC, in microseconds since 1970, unless a text
// names another offset.
/** The latest instant that the server can be asked about, the start of 2100. */
export const LATEST_US = 4_102_444_800e6;
const DAY_US = 86_400e6;
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const CLOCK = String.raw`(?<hour>\d{1,2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:[.,](?<fraction>\d{1,9}))?)?`;
const ZONE = String.raw`\s*(?<zone>utc|gmt|z|[+-]\d{2}:?\d{2})?`;
const FORMS = [
  String.raw`(?<year>\d{4})[-/.](?<month>\d{1,2})[-/.](?<day>\d{1,2})(?:[t\s,]+${CLOCK}${ZONE})?`,
  String.raw`(?<day>\d{1,2})\.?\s+(?<name>[a-z]{3})[a-z]*\.?,?\s+(?<year>\d{4})(?:[,\s]+${CLOCK}${ZONE})?`,
  String.raw`(?<name>[a-z]{3})[a-z]*\.?\s+(?<day>\d{1,2}),?\s+(?<year>\d{4})(?:[,\s]+${CLOCK}${ZONE})?`,
  CLOCK + ZONE,
].map((form) => new RegExp(`^${form}$`));

/** The instant of a text such as `2024-02-08 15:12:04`, `8 Feb 2024 15:12`, `15:12:04` on the day shown, or 1707405124
 * seconds, milli-, micro- or nanoseconds; null if it is none. */
export function parseInstant(text, shownUs = 0) {
  const plain = text.trim().toLowerCase().replaceAll("−", "-");
  if (/^\d{9,19}$/.test(plain)) return ofNumber(plain);
  const parts = FORMS.map((form) => form.exec(plain)).find(Boolean)?.groups;
  return parts ? ofParts(parts, shownUs) : null;
}

// By their size: seconds have up to 11 digits, milliseconds 14, microseconds 17.
function ofNumber(digits) {
  const value = Number(digits);
  if (digits.length <= 11) return value * 1e6;
  if (digits.length <= 14) return value * 1e3;
  return digits.length <= 17 ? value : Math.round(value / 1e3);
}

function ofParts(parts, shownUs) {
  const { hour = "0", minute = "0", second = "0", fraction = "", zone = "z" } = parts;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  const dayUs = parts.year ? dayOf(parts) : Math.floor(shownUs / DAY_US) * DAY_US;
  if (dayUs === null) return null;
  const seconds = (Number(hour) * 60 + Number(minute)) * 60 + Number(second);
  const us = dayUs + seconds * 1e6 + Number(fraction.padEnd(6, "0").slice(0, 6)) - offset(zone) * 60e6;
  return us >= 0 ? us : null;
}

function dayOf({ year, month, name, day }) {
  const index = name ? MONTHS.indexOf(name) : Number(month) - 1;
  const ms = Date.UTC(Number(year), index, Number(day));
  const date = new Date(ms);
  const isReal = index >= 0 && date.getUTCMonth() === index && date.getUTCDate() === Number(day);
  return isReal ? ms * 1000 : null;
}

function offset(zone) {
  const found = /^([+-])(\d{2}):?(\d{2})$/.exec(zone);
  return found ? (found[1] === "-" ? -1 : 1) * (Number(found[2]) * 60 + Number(found[3])) : 0;
}

export const dayStart = (us) => Math.floor(us / DAY_US) * DAY_US;

/** Such as 2024-02-08T15:12:04.000000Z, to the microsecond. */
export function iso(us) {
  const ms = Math.floor(us / 1000);
  return new Date(ms).toISOString().replace("Z", `${String(Math.floor(us - ms * 1000)).padStart(3, "0")}Z`);
}

export const clock = (us) => iso(us).slice(11, 23);
export const date = (us) => iso(us).slice(0, 10);
export const micro = (us) => iso(us).slice(23, 26);
/** For a field: 2024-02-08 15:12:04.000 UTC. */
export const written = (us) => `${date(us)} ${clock(us)} UTC`;
