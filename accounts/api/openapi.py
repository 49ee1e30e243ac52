"""The OpenAPI 3.1 schema of the API, made from what the endpoints declare.

drf-spectacular would ask serializer classes and viewsets; ours are functions whose parameters and bodies are declared
for the parsing of requests in any case, so that all it needs is to be written down in OpenAPI's words.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from types import NoneType, UnionType
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints, is_typeddict

from django.http import HttpResponseBase

from accounts.api.endpoints import ALWAYS, CHANGING, IDS, WITH_ID, Call
from accounts.api.parameter_types import File, FlagsByKey, Parameter, Schema

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data"
PLAIN: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    NoneType: {"type": "null"},
    datetime: {"type": "string", "format": "date-time"},
    Any: {},
}
REFUSAL: Schema = {
    "description": "Why it was refused. `errors` is a list of messages, or lists of them by field.",
    "type": "object",
    "properties": {
        "status": {"type": "string"},
        "message": {"type": "string"},
        "errors": {"anyOf": [{"type": "array"}, {"type": "object"}, {"type": "string"}]},
    },
}
ABOUT = (
    "Canvas's REST API, as far as pairing, people, courses and enrollments go. Parameters come in the query, a form,"
    " several parts or JSON; those that Canvas does not know are ignored. Clients that accept"
    " application/json+canvas-string-ids get every id as a string."
)


def document(calls: Iterable[Call], server: str) -> dict[str, Any]:
    """Return the schema of `calls`, which are answered below the address `server`."""
    calls = list(calls)
    schemas: dict[str, Schema] = {"Refusal": REFUSAL}
    paths: dict[str, Any] = {}
    for call in calls:
        paths.setdefault(f"/{call.path}", {})[call.method.lower()] = _operation(call, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Observer Pairing", "version": "v1", "description": ABOUT},
        "servers": [{"url": server}],
        "security": [{"token": []}],
        "tags": [{"name": group} for group in dict.fromkeys(call.operation.group for call in calls)],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": {"as_user_id": AS_USER},
            "responses": {str(code): _refusal(why) for code, why in (ALWAYS | WITH_ID | CHANGING).items()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


AS_USER = {
    "name": "as_user_id",
    "in": "query",
    "description": "Whom to act as, for those who may become other people.",
    "schema": {"type": ["integer", "string"]},
}


def _operation(call: Call, schemas: dict[str, Schema]) -> dict[str, Any]:
    summary, more = call.operation.about
    found: dict[str, Any] = {
        "operationId": call.name,
        "tags": [call.operation.group],
        "summary": summary,
        "parameters": [_id(name) for name in call.ids],
        "responses": _responses(call, schemas),
    }
    if more:
        found["description"] = more
    if call.operation.public:
        found["security"] = [{"token": []}, {}]
    found["parameters"].append({"$ref": "#/components/parameters/as_user_id"})
    if call.method in ("GET", "DELETE"):
        found["parameters"] += [_in_query(parameter) for parameter in call.takes]
    elif call.takes:
        found["requestBody"] = _body(call)
    return found


def _id(name: str) -> dict[str, Any]:
    schema = {"type": ["integer", "string"]} if name in IDS else {"type": "integer"}
    about = IDS.get(name, "A number.")
    return {"name": name, "in": "path", "required": True, "description": about, "schema": schema}


def _in_query(parameter: Parameter[Any]) -> dict[str, Any]:
    found = {"name": parameter.name, "in": "query", "description": parameter.meaning, "schema": parameter.schema()}
    return {**found, "required": True} if parameter.required else found


def _body(call: Call) -> dict[str, Any]:
    """Return the parameters as JSON and as a form; with a file as several parts, or the file itself as the body."""
    required = [parameter.name for parameter in call.takes if parameter.required]
    flat: Schema = {
        "type": "object",
        "properties": {each.name: _described(each) for each in call.takes if not isinstance(each, FlagsByKey)},
    }
    if required:
        flat["required"] = required
    if any(isinstance(parameter, File) for parameter in call.takes):
        whole = {"schema": {"type": "string", "format": "binary"}}
        return {"required": True, "content": {PARTS: {"schema": flat}, "text/csv": whole, "application/zip": whole}}
    content = {JSON: {"schema": _nested(call.takes)}, FORM: {"schema": flat}}
    return {"required": bool(required), "content": content}


def _described(parameter: Parameter[Any]) -> Schema:
    return {"description": parameter.meaning, **parameter.schema()}


def _nested(takes: Iterable[Parameter[Any]]) -> Schema:
    """Return a hash of parameters as JSON has it: `account[name]` is `name` in the object `account`."""
    whole: Schema = {"type": "object", "properties": {}}
    for parameter in takes:
        *above, key = parameter.path
        here = whole
        for part in above:
            here = _below(here, part)
        same = here["properties"].get(key)
        described = _described(parameter)
        here["properties"][key] = {"anyOf": [same, described]} if same else described
        if parameter.required:
            here.setdefault("required", []).append(key)
    return whole


def _below(here: Schema, part: str) -> Schema:
    """Return the object at `part`; for a placeholder such as `<permission>` that of every key."""
    if part.startswith("<"):
        found = here.setdefault("additionalProperties", {"type": "object", "properties": {}})
    else:
        found = here["properties"].setdefault(part, {"type": "object", "properties": {}})
    return found


def _responses(call: Call, schemas: dict[str, Schema]) -> dict[str, Any]:
    kind = call.operation.produces
    schema = schema_of(call.operation.body, schemas) if kind == JSON else {"type": "string", "format": "binary"}
    found: dict[str, Any] = {"200": {"description": "It was done.", "content": {kind: {"schema": schema}}}}
    for code, why in call.refusals.items():
        of_its_own = code in call.operation.refusals
        found[str(code)] = _refusal(why) if of_its_own else {"$ref": f"#/components/responses/{code}"}
    return found


def _refusal(why: str) -> dict[str, Any]:
    return {"description": why, "content": {JSON: {"schema": {"$ref": "#/components/schemas/Refusal"}}}}


def schema_of(kind: Any, schemas: dict[str, Schema]) -> Schema:
    """Return the JSON Schema of a type; what has a name is put into `schemas` and referred to.

    Raises TypeError for a type that says nothing of what is in it.
    """
    if get_origin(kind) in (NotRequired, Required):
        return schema_of(get_args(kind)[0], schemas)
    if kind in PLAIN:
        return dict(PLAIN[kind])
    if is_typeddict(kind):
        return _reference(kind, schemas)
    inner = get_args(kind)
    match get_origin(kind):
        case origin if origin is list:
            return {"type": "array", "items": schema_of(inner[0], schemas)}
        case origin if origin is dict:
            return {"type": "object", "additionalProperties": schema_of(inner[1], schemas)}
        case origin if origin is Literal:
            return {"enum": list(inner)}
        case origin if origin in (Union, UnionType):
            answers = [one for one in inner if not (isinstance(one, type) and issubclass(one, HttpResponseBase))]
            several = [schema_of(one, schemas) for one in answers]
            return several[0] if len(several) == 1 else {"anyOf": several}
    raise TypeError(f"{kind} does not say what is in it.")


def _reference(kind: Any, schemas: dict[str, Schema]) -> Schema:
    if kind.__name__ not in schemas:
        schemas[kind.__name__] = {}
        hints = get_type_hints(kind)
        schemas[kind.__name__] |= {
            "description": kind.__doc__,
            "type": "object",
            "properties": {key: schema_of(hint, schemas) for key, hint in hints.items()},
            "required": sorted(kind.__required_keys__),
        }
    return {"$ref": f"#/components/schemas/{kind.__name__}"}
