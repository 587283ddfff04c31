"""A program that speaks JSON lines, for tests: a counter that can misbehave."""

import json
import sys

now_ns = 0
objects = {}
for line in sys.stdin:
    request = json.loads(line)
    answer = {"result": None}
    match request["do"]:
        case "hello":
            answer = {"result": {"name": "counter", "version": "1.2", "offers": {"counter": []}}}
        case "world":
            objects.clear()
            now_ns = 0
        case "advance":
            now_ns += request["ns"]
        case "make" if request["spec"].get("start", 0) < 0:
            answer = {"refused": "start is negative"}
        case "make":
            objects[request["object"]] = request["spec"].get("start", 0)
        case "call" if request["name"] == "add":
            objects[request["object"]] += request["arguments"][0]
            answer = {"result": objects[request["object"]]}
        case "call" if request["name"] == "sleep":
            now_ns += request["arguments"][0]
            answer = {"result": now_ns, "slept_ns": request["arguments"]}
        case "call" if request["name"] == "hang":
            while True:
                sys.stdin.readline()
        case "call" if request["name"] == "end":
            sys.exit(3)
        case _:
            answer = {"error": f"no {request}"}
    print(json.dumps({**answer, "now_ns": now_ns}), flush=True)
