// What hands do on the stage: drag through time, turn the wheel, click a tick.
const CLICK_PX = 4;

/** @param act { hold(), drag(us), release(), zoom(by), pick(x, y, event) } */
export function listen(host, stage, act) {
  let held = null;
  host.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    held = { x: event.clientX, us: stage.us, isDragged: false };
    host.setPointerCapture(event.pointerId);
  });
  host.addEventListener("pointermove", (event) => {
    if (!held) return;
    const by = event.clientX - held.x;
    if (!held.isDragged && Math.abs(by) > CLICK_PX) {
      held.isDragged = true;
      host.classList.add("dragged");
      act.hold();
    }
    if (held.isDragged) act.drag(held.us - (by / stage.width) * stage.spanUs);
  });
  host.addEventListener("pointerup", (event) => {
    const was = held;
    held = null;
    host.classList.remove("dragged");
    if (!was) return;
    if (was.isDragged) return act.release();
    const box = host.getBoundingClientRect();
    act.pick(event.clientX - box.left, event.clientY - box.top, event);
  });
  host.addEventListener("pointercancel", () => {
    if (held?.isDragged) act.release();
    held = null;
    host.classList.remove("dragged");
  });
  let turned = 0; // a touchpad sends many small turns
  host.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        act.drag(stage.us + ((event.deltaX || event.deltaY) / stage.width) * stage.spanUs * 0.5);
        act.release();
        return;
      }
      turned += event.deltaY;
      if (Math.abs(turned) < 40) return;
      act.zoom(Math.sign(turned));
      turned = 0;
    },
    { passive: false },
  );
}
