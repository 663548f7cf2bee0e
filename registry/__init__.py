"""The files of `config/` as data, checked as a whole. Knows nothing about SQL, the lake or dbt.

    column_types.py, names.py             the types of columns, and the rules for names
    declarations.py, products.py          the grammar of the files
    yaml_file.py, read_config.py          one file: from YAML to data
    transforms/                           the transforms that a mapping can name, and the types they take and give
    formats.py                            how a raw row becomes a unified one
    model_names.py                        the names of dbt's models, which must differ
    *_checks.py, bounds.py, problems.py   everything that can be wrong, one line per problem
    registry.py                           everything together: `load_registry()`

Every check is a generator of problem lines. The registry is built only if there are no such lines.
"""
