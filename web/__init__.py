"""The web app over a lake: `schemahub serve`.

`command.py` binds an address and serves `app.py` until Ctrl-C; `guard.py` decides who may ask, and `problems.py` makes
errors sentences. Each module in `pages/` is a page, with its HTML in `templates/` and its scripts and style sheets in
`static/`. `served.py` has what every page is given, and `frames.py` packs columns for the browser.
"""
