"""Write the registry as dbt models and macros.

    transforms/, sql_text.py      the SQL of transforms and of values, for each engine
    express.py                    what the registry has decided, as SQL
    fill.py, templates/           the templates of the files, and how they are filled with that SQL
    products.py                   the product lists as a seed
    render.py                     registry -> path and text of every file; pure
    files.py                      compares the generated files with the tree, and writes them

The registry has already checked everything, so only writing a file can fail here.
"""
