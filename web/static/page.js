// What every page does: it adds what is fetched later, and switches between light and dark. What is chosen goes into a
// cookie, so that the server sends the next page in that theme; without one the system's preference holds. Pages that
// draw on canvases listen to the event `theme`, which also tells that fonts have arrived.
const YEAR_SECONDS = 31_536_000;
const light = document.getElementById("light");
const changed = () => dispatchEvent(new Event("theme"));

document.getElementById("theme").addEventListener("click", () => {
  const theme = matchMedia(light.media).matches ? "dark" : "light";
  light.media = theme === "light" ? "all" : "not all";
  document.cookie = `schemahub_theme=${theme}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
  changed();
});
matchMedia("(prefers-color-scheme: light)").addEventListener("change", changed);

// The page's own scripts and its fonts are fetched after the first paint, which is sooner without them. The frame's
// callback runs before a paint, and the timer's after it; a page that nobody sees yet has no frames.
const addTheRest = () => document.head.append(document.getElementById("later").content);
if (document.hidden) addTheRest();
else requestAnimationFrame(() => setTimeout(addTheRest));
document.fonts.addEventListener("loadingdone", changed);
