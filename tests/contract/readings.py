"""Writes the document in the two readings that Schemathesis checks.

usage: readings.py DOCUMENT FOLDER

A schema can't say that `fields` cuts an answer, so each reading says half of it:

- `whole.json`: without `fields`, every field is there;
- `cut.json`: with `fields`, none need be there, and those that are fit their schemas.
"""

import copy
import json
import sys
from pathlib import Path
from typing import Any

Document = dict[str, Any]


def is_fields(parameter: Any) -> bool:
    return bool(parameter["name"] == "fields")


def whole(document: Document) -> Document:
    document = copy.deepcopy(document)
    for item in document["paths"].values():
        for operation in item.values():
            parameters = operation.get("parameters", [])
            operation["parameters"] = [found for found in parameters if not is_fields(found)]
    return document


def cut(document: Document) -> Document:
    document = copy.deepcopy(document)
    paths = {}
    for path, item in document["paths"].items():
        fields = [found for found in item.get("get", {}).get("parameters", []) if is_fields(found)]
        for parameter in fields:
            parameter["required"] = True
            paths[path] = {"get": item["get"]}
    document["paths"] = paths
    for name, schema in document["components"]["schemas"].items():
        if name != "Problem":
            loosen(schema)
    # Links lead from what an answer tells, which may have been cut.
    for item in paths.values():
        item["get"]["responses"]["200"].pop("links", None)
    return document


def loosen(schema: Any) -> None:
    """Lets all fields be absent; what is left of a value may then fit several of its kinds."""
    if isinstance(schema, dict):
        if isinstance(schema.get("required"), list):
            del schema["required"]
        if "oneOf" in schema:
            schema["anyOf"] = schema.pop("oneOf")
        schema = list(schema.values())
    if isinstance(schema, list):
        for part in schema:
            loosen(part)


def main(document: Path, folder: Path) -> None:
    text = document.read_text()
    for reading in (whole, cut):
        (folder / f"{reading.__name__}.json").write_text(json.dumps(reading(json.loads(text))))


main(*(Path(argument) for argument in sys.argv[1:]))
