// Rows of buttons of which one is chosen, and keys.

/** Fill a host with a button for each value; returns a function that marks the current one. */
export function choices(host, values, name, current, pick) {
  const buttons = values.map((value) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name(value);
    button.addEventListener("click", () => pick(value));
    return button;
  });
  host.replaceChildren(...buttons);
  return () => buttons.forEach((button, k) => button.setAttribute("aria-pressed", String(values[k] === current())));
}

/** The value that lies `by` places from another one in a list, or its end. */
export function beside(list, value, by) {
  return list[Math.max(0, Math.min(list.length - 1, list.indexOf(value) + by))];
}

/** Call what belongs to a key, except while somebody types, and what `isBlocked` says. Errors go to `fail`. */
export function onKeys(keys, isBlocked, fail) {
  addEventListener("keydown", (event) => {
    const isTyping = event.target.matches("input:not([type=range], [type=checkbox]), select");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || isBlocked()) return;
    if (event.key === " " && event.target.matches("button, input")) return; // presses what has the focus
    if (event.target.matches("[type=range]") && /^(Arrow|Page|Home|End)/.test(event.key)) return; // moves the slider
    const act = keys[event.key] ?? keys[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    Promise.resolve(act(event)).catch(fail);
  });
}
