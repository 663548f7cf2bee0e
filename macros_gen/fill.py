"""Fill the templates in `templates/`. They use `<% %>` and `<< >>`, because `{% %}` and `{{ }}` belong to dbt."""

import json
from textwrap import fill as wrap
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from registry.bounds import in_words

from .express import bounds_broken
from .sql_text import jinja_safe, literal
from .transforms.engines import ENGINES


def yaml_line(value: Any) -> str:
    # JSON is valid YAML, fits on one line and escapes every quote and line end
    return json.dumps(value, ensure_ascii=False)


def _description(text: str) -> str:
    # dbt renders descriptions as Jinja
    return yaml_line(jinja_safe(" ".join(text.split())))


def _wrapped(text: str, width: int = 78) -> str:
    return wrap(" ".join(text.split()), width, break_long_words=False, break_on_hyphens=False)


_ENVIRONMENT = Environment(
    loader=PackageLoader(__package__),
    undefined=StrictUndefined,
    block_start_string="<%",
    block_end_string="%>",
    variable_start_string="<<",
    variable_end_string=">>",
    comment_start_string="<#",
    comment_end_string="#>",
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,
)
_ENVIRONMENT.filters |= {"yaml": yaml_line, "description": _description, "safe": jinja_safe, "wrapped": _wrapped}
_ENVIRONMENT.globals |= {
    "literal": literal,
    "bounds_broken": bounds_broken,
    "in_words": in_words,
    "engines": ENGINES,
}


def fill(template: str, **context: object) -> str:
    return _ENVIRONMENT.get_template(f"{template}.jinja").render(**context)
