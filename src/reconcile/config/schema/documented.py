"""Pydantic's JSON Schema with what is written under each field.

The models do not ask pydantic for it: it would read and parse their source whenever they are imported, a tenth of every
command, for the two pages that show it.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema


class Documented(GenerateJsonSchema):
    """Each property described by the docstring that follows its field."""

    def model_schema(self, schema: Any) -> Any:
        """The schema of one model."""
        made = super().model_schema(schema)
        model: type[BaseModel] = schema["cls"]
        for name, text in _docstrings(model):
            key = model.model_fields[name].alias or name
            made["properties"][key].setdefault("description", text)
        return made


def _docstrings(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """field, what is written under it; of the model itself before those it inherits from."""
    for owner in model.__mro__:
        if not issubclass(owner, BaseModel) or owner is BaseModel:
            continue
        (declared,) = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
        assert isinstance(declared, ast.ClassDef)  # noqa: S101 - a class's source
        for line, below in itertools.pairwise(declared.body):
            match line, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    if name in model.model_fields:
                        yield name, inspect.cleandoc(text)
