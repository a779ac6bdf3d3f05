"""Tells whether the API that is committed breaks the one that was last released.

usage: breaking.py RELEASED COMMITTED    compares two documents
       breaking.py --prove COMMITTED     proves on edits of one that breaks are found, and nothing else

SpecShift compares. What it only warns of breaks too: a parameter that goes is an error to whoever
still sends it, since unknown parameters are refused. Deprecation alone breaks nothing.
"""

import copy
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

Document = dict[str, Any]
DEPRECATION = "marked as deprecated"


def breaks(released: Path, committed: Path) -> list[str]:
    """What of a released document a committed one takes back, in words."""
    command = [sys.executable, "-m", "specshift.cli", "diff", "--format", "json", "--fail-on", "none"]
    command += [str(released), str(committed)]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"specshift failed:\n{result.stdout}{result.stderr}")
    return [
        f"{change['location']}: {change['message']}"
        for change in json.loads(result.stdout)["changes"]
        if change["severity"] != "info" and DEPRECATION not in change["message"]
    ]


def operation(document: Document, path: str = "/v1/guides") -> Any:
    return document["paths"][path]["get"]


def parameter(document: Document, name: str) -> Any:
    return next(found for found in operation(document)["parameters"] if found["name"] == name)


def schema(document: Document, name: str) -> Any:
    return document["components"]["schemas"][name]


def remove_field(document: Document, name: str, field: str) -> None:
    schema(document, name)["required"].remove(field)
    del schema(document, name)["properties"][field]


def add_field(document: Document, name: str, field: str) -> None:
    schema(document, name)["required"].append(field)
    schema(document, name)["properties"][field] = {"type": "string"}


def add_parameter(document: Document, required: bool) -> None:
    added = {"name": "added", "in": "query", "required": required, "schema": {"type": "string"}}
    operation(document)["parameters"].append(added)


def remove_parameter(document: Document, name: str) -> None:
    operation(document)["parameters"].remove(parameter(document, name))


Edit = Callable[[Document], Any]

BREAKING: dict[str, Edit] = {
    "a path that goes": lambda it: it["paths"].pop("/v1/services/{service}"),
    "a field that goes": lambda it: remove_field(it, "GuideList", "page"),
    "a field that goes, far inside": lambda it: remove_field(it, "Picture", "mediaType"),
    "a field that may be absent": lambda it: schema(it, "GuideList")["required"].remove("page"),
    "a field of another type": lambda it: schema(it, "Page")["properties"]["total"].update(type="string"),
    "a field that may be null": lambda it: schema(it, "Page")["properties"]["total"].update(
        type=["integer", "null"]
    ),
    "a new required parameter": lambda it: add_parameter(it, required=True),
    "a parameter that becomes required": lambda it: parameter(it, "limit").update(required=True),
    "a parameter that goes": lambda it: remove_parameter(it, "sort"),
    "fewer values of a parameter": lambda it: parameter(it, "sort")["schema"]["enum"].pop(),
    "fewer values in a list": lambda it: parameter(it, "fields")["schema"]["items"]["enum"].pop(),
    "a lower limit": lambda it: parameter(it, "limit")["schema"].update(maximum=5),
    "an answer that goes": lambda it: operation(it)["responses"].pop("200"),
    "another media type": lambda it: operation(it)["responses"]["200"].update(
        content={"text/plain": {"schema": {"type": "string"}}}
    ),
}

HARMLESS: dict[str, Edit] = {
    "nothing": lambda it: None,
    "a new path": lambda it: it["paths"].update({"/v1/added": it["paths"]["/v1/guides"]}),
    "a new field": lambda it: add_field(it, "GuideList", "added"),
    "a new optional parameter": lambda it: add_parameter(it, required=False),
    "a new value of a parameter": lambda it: parameter(it, "sort")["schema"]["enum"].append("added"),
    "a higher limit": lambda it: parameter(it, "limit")["schema"].update(maximum=10_000),
    "a new code of problems": lambda it: schema(it, "ProblemCode")["enum"].append("added"),
    "a new status": lambda it: operation(it)["responses"].update(
        {"418": {"$ref": "#/components/responses/BadRequest"}}
    ),
    "other words": lambda it: it["info"].update(description="Other words.", version="9.9.9"),
    "a deprecation": lambda it: operation(it).update(deprecated=True),
}


def prove(committed: Path) -> None:
    """Fails unless each edit is told for what it is."""
    text = committed.read_text()
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        edited = Path(folder, "edited.json")
        for edits, is_breaking in [(BREAKING, True), (HARMLESS, False)]:
            for name, edit in edits.items():
                document = copy.deepcopy(json.loads(text))
                edit(document)
                edited.write_text(json.dumps(document))
                found = breaks(committed, edited)
                if bool(found) != is_breaking:
                    wrong.append(f"{name}: {found or 'no break is found'}")
    if wrong:
        raise SystemExit("The comparison can't be trusted:\n  " + "\n  ".join(wrong))
    print(f"Breaks are found: {len(BREAKING)} of {len(BREAKING)}; {len(HARMLESS)} additions pass.")


def main() -> None:
    match sys.argv[1:]:
        case ["--prove", committed]:
            prove(Path(committed))
        case [released, committed]:
            if found := breaks(Path(released), Path(committed)):
                raise SystemExit("The API breaks its clients:\n  " + "\n  ".join(found))
        case _:
            raise SystemExit(__doc__)


main()
