"""Write the registry as dbt models and macros.

    transforms/, sql_text.py      SQL of transforms and of values, on each engine
    express.py                    what the registry has decided, as SQL
    fill.py, templates/           the files, with that SQL in them
    products.py                   the product lists as a seed
    render.py                     registry -> path and text of every file; pure
    files.py                      the files in the tree: stale or not, and how they are written

Everything was checked by the registry, so nothing but writing a file can fail here.
"""
