"""The docstrings of a declaration's keys: the texts right below them, which Python itself doesn't keep.

pydantic could read them too, but then it would parse the sources whenever any command imports the declarations.
"""

import ast
import inspect
from collections.abc import Iterator
from textwrap import dedent

from registry.declarations import Declaration


def attribute_docs(declaration: type[Declaration]) -> dict[str, str]:
    """Return the docstring of every key that has one, by the attribute's name; inherited ones too."""
    found: dict[str, str] = {}
    for each in reversed(declaration.__mro__):
        if issubclass(each, Declaration) and each is not Declaration:
            found |= dict(_own(each))
    return found


def _own(declaration: type[Declaration]) -> Iterator[tuple[str, str]]:
    (class_,) = ast.parse(dedent(inspect.getsource(declaration))).body
    assert isinstance(class_, ast.ClassDef)
    for statement, below in zip(class_.body, class_.body[1:], strict=False):
        match statement, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, inspect.cleandoc(text)
