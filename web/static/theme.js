// Sets the theme before the first paint, so this is a script and no module: what was chosen last, or what the system
// prefers. Pages that draw on canvases listen to the event `theme`, which also tells that fonts have arrived.
"use strict";

{
  const root = document.documentElement;
  const stored = () => {
    try {
      return localStorage.getItem("schemahub.theme");
    } catch {
      return null; // the browser stores nothing
    }
  };
  const preferred = () => (matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark");
  root.dataset.theme = ["light", "dark"].find((theme) => theme === stored()) ?? preferred();

  // Fonts are fetched after the first paint, which is sooner without them. The frame's callback runs before that paint,
  // and the timer's after it.
  requestAnimationFrame(() => setTimeout(() => { document.getElementById("fonts").media = "all"; }));
  document.fonts.addEventListener("loadingdone", () => dispatchEvent(new Event("theme")));

  addEventListener("DOMContentLoaded", () => {
    document.getElementById("theme")?.addEventListener("click", () => {
      root.dataset.theme = root.dataset.theme === "light" ? "dark" : "light";
      try {
        localStorage.setItem("schemahub.theme", root.dataset.theme);
      } catch {
        // it lasts as long as the page
      }
      dispatchEvent(new Event("theme"));
    });
  });
}
