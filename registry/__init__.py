"""The files of `config/` as data, checked as a whole. Knows no SQL, no lake and no dbt.

    column_types.py, names.py             the types that columns have, and what may be a name
    declarations.py, products.py          the grammar of the files
    yaml_file.py, read_config.py          one file: from YAML to data
    transforms/                           the transforms that a mapping can name, and the types they take and give
    formats.py                            how a raw row becomes a unified one, decided
    *_checks.py, bounds.py, problems.py   what can be wrong, a line each
    registry.py                           all of it: `load_registry()`

Every check is a generator of problem lines. What is built from the files is built only where there are no such lines.
"""
