"""The docstrings of a declaration's keys: the texts right below them, which Python itself doesn't keep.

pydantic could read them too, but then it would parse the sources whenever any command imports the declarations.
"""

import ast
import functools
import inspect
from collections.abc import Mapping
from textwrap import dedent

from registry.declarations import Declaration


def attribute_docs(declaration: type[Declaration]) -> dict[str, str]:
    """Return the docstring of every key that has one, by the attribute's name; inherited ones too."""
    found: dict[str, str] = {}
    for each in reversed(declaration.__mro__):
        if issubclass(each, Declaration) and each is not Declaration:
            found |= _own(each)
    return found


@functools.cache  # Python looks for a class in the whole module
def _own(declaration: type[Declaration]) -> Mapping[str, str]:
    (class_,) = ast.parse(dedent(inspect.getsource(declaration))).body
    assert isinstance(class_, ast.ClassDef)
    found = {}
    for statement, below in zip(class_.body, class_.body[1:], strict=False):
        match statement, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = inspect.cleandoc(text)
    return found
