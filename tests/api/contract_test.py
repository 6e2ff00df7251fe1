"""api/openapi.yaml and the server say the same: routes and fields, both ways. What it answers
is contract_walk_test."""
import copy
import os
import re
import subprocess
import unittest

import belfry
from belfry import Receiver, Scheduler, operator
from openapi_schema import Document, load

ROUTES = os.path.join(os.path.dirname(belfry.BINARY), "belfry-api-routes")
ROOT = os.path.join(os.path.dirname(__file__), "..", "..")


def shape(path):
    return re.sub(r"\{\w+\}", "{}", path)


def route_faults(document, routes):
    """`routes`: (method, path) to who may call it, as the server has them."""
    faults = []
    described = {(m, shape(p)): (p, o) for (m, p), o in Document(document).operations().items()}
    served = {(m, shape(p)): (p, who) for (m, p), who in routes.items()}
    faults += [f"{m} {p} is served and not described" for m, p in sorted(set(served) - set(described))]
    faults += [f"{m} {p} is described and not served" for m, p in sorted(set(described) - set(served))]
    for key in set(served) & set(described):
        (path, who), (same, operation) = served[key], described[key]
        if path != same:
            faults.append(f"{key[0]} {path}: its parameters have other names in {same}")
        if (who == "anyone") != (operation.get("security") == []):
            faults.append(f"{key[0]} {path}: is for {who}, and its security says otherwise")
        wanted = {"operator": ["operator's token"], "anyone": []}.get(who, [f"`{scope}`" for scope in who.split()])
        words = operation.get("description", "")
        faults += [f"{key[0]} {path}: the description does not say {w}" for w in wanted if w not in words]
    return faults


def field_faults(schema, told, where):
    """`told`: the fields that the server named when it was sent an unknown one."""
    described = set(schema.get("properties", {}))
    return ([f"{where}: {name} is read and not described" for name in sorted(told - described)] +
            [f"{where}: {name} is described and not read" for name in sorted(described - told)])


def examples_of(node):
    """Every (schema, example) of a media type or parameter."""
    if isinstance(node, dict):
        if "schema" in node and "example" in node:
            yield node["schema"], node["example"]
        for example in node.get("examples", {}).values() if "schema" in node else ():
            yield node["schema"], example
        for child in node.values():
            yield from examples_of(child)
    elif isinstance(node, list):
        for child in node:
            yield from examples_of(child)


class ContractTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.document = load()
        cls.scheduler = Scheduler().start()
        cls.receiver = Receiver()
        cls.tenant = cls.scheduler.tenant("contract")
        cls.operator = operator(cls.scheduler)

    @classmethod
    def tearDownClass(cls):
        cls.scheduler.remove()
        cls.receiver.close()

    def test_routes_are_described_and_described_routes_are_served(self):
        lines = subprocess.run([ROUTES], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
        routes = {tuple(line.split(" ", 2)[:2]): line.split(" ", 2)[2] for line in lines}
        self.assertGreater(len(routes), 40)
        self.assertEqual(route_faults(self.document, routes), [])
        # Drift on either side is noticed.
        poorer = copy.deepcopy(self.document)
        del poorer["paths"]["/api/v1/tasks"]["post"]
        self.assertEqual(route_faults(poorer, routes), ["POST /api/v1/tasks is served and not described"])
        fewer = {key: who for key, who in routes.items() if key != ("DELETE", "/api/v1/tasks/{taskId}")}
        self.assertEqual(route_faults(self.document, fewer), ["DELETE /api/v1/tasks/{} is described and not served"])

    def told_fields(self, method, path, body, pointer):
        """Asks the server, by an unknown field, which ones it takes there."""
        client = self.operator if "/admin/" in path else self.tenant
        answer = client.call(method, path, body)
        self.assertEqual(answer.status, 422, answer.raw)
        return self.told_by(answer.json, pointer)

    def told_of_item(self, path, item):
        """The same of one item of a bulk, whose problem is its own."""
        answer = self.tenant.post(path, [item])
        self.assertEqual(answer.status, 200, answer.raw)
        return self.told_by(answer.json["results"][0]["problem"], "")

    def told_by(self, problem, pointer):
        details = [e["detail"] for e in problem["errors"] if e["pointer"] == pointer + "/zzzzzzzz"]
        self.assertEqual(len(details), 1, problem)
        return set(details[0].split("the fields here are ")[1].split(", "))

    def test_request_fields_are_those_that_the_server_reads(self):
        task = self.tenant.submit(target={"type": "worker"})["taskId"]
        endpoint = self.tenant.post("/api/v1/webhooks", {"url": self.receiver.url("/hook")}).json["id"]
        z = {"zzzzzzzz": 1}
        v1 = "/api/v1"
        places = [
            ("Registration", "POST", f"{v1}/auth/register", z, ""),
            ("KeyExchange", "POST", f"{v1}/auth/token", z, ""),
            ("TokenRevocation", "POST", f"{v1}/auth/revoke", z, ""),
            ("Submission", "POST", f"{v1}/tasks", z, ""),
            ("Steering", "POST", f"{v1}/tasks/cancel", z, ""),
            ("TaskConditions", "POST", f"{v1}/tasks/retry", {"filter": z}, "/filter"),
            ("HttpTarget", "POST", f"{v1}/tasks", {"taskName": "t", "target": {"type": "http", **z}}, "/target"),
            ("WorkerTarget", "POST", f"{v1}/tasks", {"taskName": "t", "target": {"type": "worker", **z}}, "/target"),
            ("EchoTarget", "POST", f"{v1}/tasks", {"taskName": "t", "target": {"type": "echo", **z}}, "/target"),
            ("RetryPolicy", "POST", f"{v1}/tasks", {"taskName": "t", "retry": z}, "/retry"),
            ("LeaseRequest", "POST", f"{v1}/leases", z, ""),
            ("Heartbeat", "POST", f"{v1}/tasks/{task}/heartbeat", z, ""),
            ("Completion", "POST", f"{v1}/tasks/{task}/complete", z, ""),
            ("Failure", "POST", f"{v1}/tasks/{task}/fail", z, ""),
            ("QueueSettings", "PUT", f"{v1}/queues/q", z, ""),
            ("Reason", "POST", f"{v1}/queues/q/pause", z, ""),
            ("Reason", "POST", f"{v1}/admin/tenants/{self.tenant.id}/suspend", z, ""),
            ("Limits", "PATCH", f"{v1}/admin/tenants/{self.tenant.id}/limits", z, ""),
            ("NewEndpoint", "POST", f"{v1}/webhooks", z, ""),
            ("EndpointChange", "PATCH", f"{v1}/webhooks/{endpoint}", z, ""),
            ("NewKey", "POST", f"{v1}/api-keys", z, ""),
        ]
        schemas = self.document["components"]["schemas"]
        faults = []
        for name, method, path, body, pointer in places:
            faults += field_faults(schemas[name], self.told_fields(method, path, body, pointer), name)
        token = {"taskId": task, "leaseToken": "1.0000000000000001"}
        told = self.told_of_item(f"{v1}/leases/complete", {**token, **z})
        told |= self.told_of_item(f"{v1}/leases/complete", {**token, "retryable": True, **z})
        faults += field_faults(schemas["Settlement"], told, "Settlement")
        self.assertEqual(faults, [])
        closed = {n for n, s in schemas.items() if s.get("additionalProperties") is False}
        self.assertEqual(closed, {place[0] for place in places} | {"Settlement"})
        poorer = copy.deepcopy(schemas["Limits"])
        poorer["properties"]["more"] = poorer["properties"].pop("weight")
        told = self.told_fields("PATCH", f"{v1}/admin/tenants/{self.tenant.id}/limits", z, "")
        self.assertEqual(field_faults(poorer, told, "L"), ["L: weight is read and not described", "L: more is described and not read"])

    def test_examples_fit_their_schemas(self):
        document = Document(self.document)
        faults, count = [], 0
        for schema, example in examples_of({k: self.document[k] for k in ("paths", "webhooks", "components")}):
            example = document.resolve(example)
            value = example["value"] if isinstance(example, dict) and set(example) <= {"value", "summary"} else example
            faults += document.faults(schema, value, str(value)[:60])
            count += 1
        self.assertEqual(faults, [])
        self.assertGreater(count, 80)

    def test_problem_types_are_the_same_everywhere(self):
        with open(os.path.join(ROOT, "src/base/error.cpp")) as file:
            rows = dict(re.findall(r'Row\{ErrorCode::\w+, "(\w+)", (\d+)\}', file.read()))
        with open(os.path.join(ROOT, "docs/problems.md")) as file:
            told = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", file.read(), re.M))
        self.assertEqual(told, rows)
        described = self.document["components"]["schemas"]["ProblemType"]["enum"]
        self.assertEqual(described, ["urn:belfry:problem:" + name for name in rows])

if __name__ == "__main__":
    unittest.main()
