"""Validation of results.json against the published schema."""

from __future__ import annotations

import importlib.resources
import json
from typing import Any

import jsonschema


def problems_of(content: Any) -> list[str]:
    """What in `content` does not fit the schema; nothing if it is valid."""
    shipped = importlib.resources.files("conformance.reporting") / "results.schema.json"
    schema = json.loads(shipped.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(content)]
