"""The same quotes in AG Grid Community, as its documentation recommends it for many updates: `applyTransactionAsync`.

NiceGUI's package has AG Grid as one module; nothing else of it is used. The grid has our numbers, columns and number of
visible rows, gets the same frames over the same socket, and also changes last, size, spread and age five times a second
only. It has no strips, sparklines or causes.
"""

from importlib.util import find_spec
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse, Response

PACKAGE = "nicegui"
PATH = "/grid"
READY = """() => window.grid?.rows.length && document.querySelectorAll('.ag-row').length > 30"""
_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:"
"""AG Grid adds style sheets to its page."""

_HTML = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>AG Grid</title>
<link rel="stylesheet" href="/static/theme.css">
<div id="grid" style="width: 1016px; height: 800px"></div>
<script type="module" src="/grid/page.js"></script>
"""
_SCRIPT = """
import { AllCommunityModule, createGrid, ModuleRegistry, themeBalham } from "/grid/ag-grid.js";
import { unpack } from "/static/frames.js";

ModuleRegistry.registerModules([AllCommunityModule]);
const waitMs = Number(new URLSearchParams(location.search).get("wait"));
const number = (field, width, digits) => ({
  field, width, type: "rightAligned",
  valueFormatter: ({ value, data }) => value === undefined ? "" : value.toFixed(digits ?? data.places),
});
const columnDefs = [
  { field: "symbol", width: 110 }, { field: "venue", width: 110 }, number("bid", 130), number("ask", 130),
  number("last", 130), number("size", 120, 3), number("spread", 110, 1), number("age", 110, 0),
];
const places = (price) => (String(price).split(".")[1] ?? "").length;
const page = (window.grid = { rows: [], frames: 0 });
let api;
let slowAt = 0;

function begin(said) {
  page.rows = said.rows.map(([symbol, venue], id) => ({
    id, symbol: said.symbols[symbol], venue: said.venues[venue].title, places: 0,
  }));
  api = page.api = createGrid(document.getElementById("grid"), {
    columnDefs, rowData: page.rows, rowHeight: 21, headerHeight: 28, theme: themeBalham,
    getRowId: ({ data }) => String(data.id), asyncTransactionWaitMillis: waitMs,
  });
}

function take({ ms, columns: { row, bid, ask, last, size, at } }) {
  const now = performance.now();
  const isSlow = now - slowAt > 200;
  if (isSlow) slowAt = now;
  const update = Array.from(row, (id, k) => {
    const data = { ...page.rows[id], bid: bid[k], ask: ask[k] };
    data.places = Math.max(data.places, places(bid[k]), places(ask[k]));
    if (isSlow) {
      data.last = last[k];
      data.size = size[k];
      data.spread = (2e4 * (ask[k] - bid[k])) / (ask[k] + bid[k]);
      data.age = Math.max(0, ms - at[k]);
    }
    return (page.rows[id] = data);
  });
  page.frames += 1;
  api.applyTransactionAsync({ update });
}

const socket = new WebSocket(`ws://${location.host}/live/feed`);
socket.binaryType = "arraybuffer";
let acknowledged = 0;
socket.onmessage = ({ data }) => {
  if (typeof data === "string") return begin(JSON.parse(data));
  const frame = unpack(data);
  if (frame.n - acknowledged >= 2 || !acknowledged) {
    acknowledged = frame.n;
    socket.send(String(frame.n));
  }
  take(frame);
};
"""


def add_to(app: FastAPI) -> None:
    """Serve the page at `PATH`; `?wait=` is for how many milliseconds the grid gathers updates."""
    headers = {"Content-Security-Policy": _POLICY}

    @app.get(PATH, include_in_schema=False)
    async def page() -> Response:
        return HTMLResponse(_HTML, headers=headers)

    @app.get(f"{PATH}/page.js", include_in_schema=False)
    async def script() -> Response:
        return Response(_SCRIPT, media_type="text/javascript")

    @app.get(f"{PATH}/ag-grid.js", include_in_schema=False)
    async def module() -> Response:
        return FileResponse(_module(), media_type="text/javascript")


def _module() -> Path:
    spec = find_spec(PACKAGE)
    (folder,) = (spec.submodule_search_locations or []) if spec else []
    return Path(folder) / "elements" / "aggrid" / "dist" / "index.js"
