// Prices in another kind of dollar lie a little above or below the others; this is taken off, and a chip says so.

/** By what prices of each venue are multiplied. `basis` is as /api/basis gives it. */
export function scalesOf(venues, basis, isTakenOff) {
  const known = knownOf(basis);
  return venues.map(({ exchange }) => (isTakenOff && known.has(exchange) ? Math.exp(-known.get(exchange) / 1e4) : 1));
}

const knownOf = (basis) => new Map(basis.filter(({ bps }) => bps !== null).map(({ exchange, bps }) => [exchange, bps]));

export function writeChip(chip, basis, isTakenOff) {
  const known = knownOf(basis);
  const quotes = [...new Set(basis.map(({ quote }) => quote))].join(", ");
  const sizes = [...known.values()].map((bps) => `${bps < 0 ? "−" : "+"}${Math.abs(bps).toFixed(1)}`).join(", ");
  chip.hidden = !basis.length;
  chip.setAttribute("aria-pressed", String(isTakenOff && known.size > 0));
  if (!known.size) {
    chip.textContent = `${quotes} basis unknown`;
    chip.title = `Too few trades in the five minutes before the event to tell ${quotes} from dollars`;
    return;
  }
  chip.textContent = `${quotes} ${sizes} bps ${isTakenOff ? "taken off" : "left in"}`;
  chip.title =
    `Prices in ${quotes} lie ${sizes} bps from those in dollars: ` + "the median of the five minutes before the event";
}
