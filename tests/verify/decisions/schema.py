"""The part of JSON Schema that decide.json's schema uses, checked without a package."""

from typing import Any

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
USED = {
    *(
        "$schema",
        "title",
        "description",
        "$defs",
        "$ref",
        "type",
        "required",
        "properties",
        "items",
    ),
    *("additionalProperties", "const", "enum", "minimum", "maximum", "minLength"),
}


def is_type(value: Any, name: str) -> bool:
    """Whether a JSON value has the type; true and false are no numbers."""
    if name in ("number", "integer"):
        numeric = isinstance(value, int | float) and not isinstance(value, bool)
        return numeric and (name == "number" or value == int(value))
    return isinstance(value, TYPES[name])


def faults(value: Any, schema: dict[str, Any], root: dict[str, Any], where: str = "$") -> list[str]:
    """All ways in which a value breaks a schema; an unknown keyword is an error."""
    assert set(schema) <= USED, f"{where}: {set(schema) - USED}"
    if "$ref" in schema:
        return faults(value, root["$defs"][schema["$ref"].rpartition("/")[2]], root, where)
    names = schema.get("type", [])
    names = [names] if isinstance(names, str) else names
    if names and not any(is_type(value, name) for name in names):
        return [f"{where} must be {' or '.join(names)}, got {value!r}"]
    found = []
    if "const" in schema and value != schema["const"]:
        found.append(f"{where} must be {schema['const']!r}, got {value!r}")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where} must be one of {schema['enum']}, got {value!r}")
    if is_type(value, "number") and not (
        schema.get("minimum", value) <= value <= schema.get("maximum", value)
    ):
        found.append(f"{where} is out of range: {value}")
    if isinstance(value, str) and len(value) < schema.get("minLength", 0):
        found.append(f"{where} is too short")
    if isinstance(value, list) and "items" in schema:
        for place, item in enumerate(value):
            found += faults(item, schema["items"], root, f"{where}[{place}]")
    if isinstance(value, dict):
        found += [f"{where} lacks {key}" for key in schema.get("required", []) if key not in value]
        known, rest = schema.get("properties", {}), schema.get("additionalProperties", True)
        for key, item in value.items():
            if key in known:
                found += faults(item, known[key], root, f"{where}.{key}")
            elif isinstance(rest, dict):
                found += faults(item, rest, root, f"{where}.{key}")
            elif not rest:
                found.append(f"{where} has an unknown key {key}")
    return found
