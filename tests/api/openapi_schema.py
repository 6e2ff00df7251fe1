"""Holds JSON values to the schemas of api/openapi.yaml, with nothing left over: the part of JSON
Schema 2020-12 that the file uses, every property that no schema names a fault, and a record of the
properties that were seen."""
import os
import re

import yaml

PATH = os.path.join(os.path.dirname(__file__), "..", "..", "api", "openapi.yaml")
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
KNOWN = {"$ref", "type", "enum", "const", "oneOf", "allOf", "properties", "required", "items",
         "additionalProperties", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems",
         "uniqueItems", "maxProperties", "propertyNames", "pattern", "format", "description", "default", "example"}


def load():
    with open(PATH) as file:
        return yaml.safe_load(file)


def is_type(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


class Document:
    def __init__(self, document):
        self.document = document
        self.seen = set()  # (schema's place, property)

    def resolve(self, node):
        while isinstance(node, dict) and "$ref" in node and isinstance(node["$ref"], str):
            found = self.document
            for part in node["$ref"][2:].split("/"):
                found = found[part]
            node = found
        return node

    def parts(self, schema):
        """The schema and everything that allOf adds to it."""
        schema = self.resolve(schema)
        return [schema] + [part for one in schema.get("allOf", []) for part in self.parts(one)]

    def properties(self, schema):
        return {name: (part, sub) for part in self.parts(schema) for name, sub in part.get("properties", {}).items()}

    def faults(self, schema, value, where=""):
        """What is wrong with the value; nothing if it fits. `where` is its JSON Pointer."""
        schema = self.resolve(schema)
        faults = []
        for part in self.parts(schema):
            unknown = set(part) - KNOWN
            assert not unknown, f"the checker does not know {unknown}"
            faults += self.simple_faults(part, value, where)
            if "oneOf" in part:
                tries = [self.faults(one, value, where) for one in part["oneOf"]]
                if sum(not t for t in tries) != 1:
                    faults.append(f"{where}: fits not exactly one of the choices: {min(tries, key=len)[:2]}")
        if isinstance(value, dict) and not any("oneOf" in part for part in self.parts(schema)):
            faults += self.member_faults(schema, value, where)
        return faults

    def member_faults(self, schema, value, where):
        known, faults = self.properties(schema), []
        more = next((p["additionalProperties"] for p in self.parts(schema) if "additionalProperties" in p), False)
        free = not any({"type", "properties", "allOf"} & set(p) for p in self.parts(schema))  # any JSON
        names = [part["propertyNames"] for part in self.parts(schema) if "propertyNames" in part]
        for name, member in value.items():
            for rule in names:
                faults += self.faults(rule, name, f"{where}/{name}")
            if name in known:
                part, sub = known[name]
                self.seen.add((id(part), name))
                faults += self.faults(sub, member, f"{where}/{name}")
            elif more:
                faults += self.faults(more, member, f"{where}/{name}")
            elif not free:
                faults.append(f"{where}/{name}: is not described")
        return faults

    def simple_faults(self, part, value, where):
        faults = []
        types = part.get("type", [])
        types = types if isinstance(types, list) else [types]
        if types and not any(is_type(value, name) for name in types):
            return [f"{where}: {value!r} is not of type {types}"]
        if "enum" in part and value not in part["enum"]:
            faults.append(f"{where}: {value!r} is none of {part['enum']}")
        if "const" in part and value != part["const"]:
            faults.append(f"{where}: {value!r} is not {part['const']!r}")
        if isinstance(value, str):
            bad = not part.get("minLength", 0) <= len(value) <= part.get("maxLength", len(value))
            if bad or ("pattern" in part and not re.search(part["pattern"], value)):
                faults.append(f"{where}: {value!r} has the wrong length or form")
        if is_type(value, "number"):
            if not part.get("minimum", value) <= value <= part.get("maximum", value):
                faults.append(f"{where}: {value} is out of range")
        if isinstance(value, list):
            if not part.get("minItems", 0) <= len(value) <= part.get("maxItems", len(value)):
                faults.append(f"{where}: has {len(value)} items")
            if part.get("uniqueItems") and any(item in value[:i] for i, item in enumerate(value)):
                faults.append(f"{where}: names an item twice")
            for i, item in enumerate(value):
                faults += self.faults(part.get("items", {}), item, f"{where}/{i}")
        if isinstance(value, dict):
            faults += [f"{where}/{name}: is missing" for name in part.get("required", []) if name not in value]
        return faults

    def operations(self):
        """(method, path) to the operation, with the path's parameters among its own."""
        found = {}
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                if method != "parameters":
                    found[method.upper(), path] = {**operation, "parameters": item.get("parameters", []) + operation.get("parameters", [])}
        return found

    def unseen(self, schema, where="", known=None):
        """Properties of the schema, however deep, that no value had."""
        known = set() if known is None else known
        missing = []
        for part in self.parts(schema):
            if id(part) in known:
                continue
            known.add(id(part))
            for name, sub in part.get("properties", {}).items():
                if (id(part), name) not in self.seen:
                    missing.append(f"{where}/{name}")
                missing += self.unseen(sub, f"{where}/{name}", known)
            for sub in part.get("oneOf", []) + ([part["items"]] if "items" in part else []):
                missing += self.unseen(sub, where, known)
        return missing
