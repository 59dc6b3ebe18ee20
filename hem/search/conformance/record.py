#!/usr/bin/env python3
"""Fills in the expectations that conformance cases lack, from what a server answers.

    record.py http://127.0.0.1:9200 FILE.json ...

Steps that have an "expect" stay as they are. What differs from run to run (times, uuids, generated ids, context ids, node names,
line and column) is left out or replaced by a pattern. Read the result before it is committed: it is data that tests trust.
"""
import json
import re
import sys
import urllib.error
import urllib.request

VOLATILE = {"took", "uuid", "index_uuid", "node", "creation_date", "creation_time", "cluster_uuid", "version_created", "failed_shards",
            "throttled_millis", "build_hash", "build_date", "epoch", "timestamp"}


def send(url, line, body, content_type):
    method, target = line.split(" ", 1)
    request = urllib.request.Request(url + target, method=method, data=body.encode() if body else None)
    if body:
        request.add_header("content-type", content_type)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as fault:
        return fault.code, fault.read().decode()


def fill(text, variables):
    for name, value in variables.items():
        text = text.replace("$index" if name == "index" else "${%s}" % name, value)
    return text


def reason(text, prefix):
    text = re.sub(r"\n at \[Source.*", "*", text, flags=re.S)
    text = re.sub(r" at \[?\d+:\d+\]?$", " at *", text)
    text = text.replace(prefix, "$index")
    text = re.sub(r"/[\w-]{22}\]", "/*]", text)
    text = re.sub(r"id '[\w-]{20}'", "id '*'", text)
    text = re.sub(r"^\[\d+:\d+\]", "*", text)
    return {"$matches": text} if "*" in text else text


def shape(value, prefix, key=""):
    if isinstance(value, dict):
        out = {}
        for name, inner in value.items():
            if name in VOLATILE or (name == "version" and isinstance(inner, dict)):
                continue
            if name in ("line", "col"):
                continue
            if name == "root_cause":
                out[name] = [shape({k: v for k, v in one.items() if k in ("type", "reason")}, prefix) for one in inner]
            elif name == "caused_by":
                out[name] = {"type": inner["type"]}
            elif name == "reason" and isinstance(inner, str):
                out[name] = reason(inner, prefix)
            elif name == "_scroll_id":
                out[name] = {"$save": "scroll"}
            elif name == "pit_id":
                out[name] = {"$save": "pit"}
            elif name == "_id" and isinstance(inner, str) and re.fullmatch(r"[\w-]{20}", inner):
                out[name] = {"$any": True}
            else:
                out[name.replace(prefix, "$index")] = shape(inner, prefix, name)
        return out
    if isinstance(value, list):
        return [shape(one, prefix) for one in value]
    if isinstance(value, str):
        return value.replace(prefix, "$index")
    return value


def main():
    url = sys.argv[1].rstrip("/")
    for path in sys.argv[2:]:
        with open(path) as file:
            cases = json.load(file)
        for number, case in enumerate(cases):
            setup = case.get("setup", [])
            steps = setup + case["steps"]
            if all("expect" in step for step in case["steps"]) or case.get("needs") == ["elasticsearch"]:
                continue
            prefix = "hemrecord%d" % number
            variables = {"index": prefix}
            for place, step in enumerate(steps):
                body = ""
                kind = step.get("content_type", "application/json")
                if "body" in step:
                    body = step["body"] if isinstance(step["body"], str) else json.dumps(step["body"], separators=(",", ":"))
                if "ndjson" in step:
                    kind = step.get("content_type", "application/x-ndjson")
                    body = "".join((one if isinstance(one, str) else json.dumps(one, separators=(",", ":"))) + "\n" for one in step["ndjson"])
                status, text = send(url, fill(step["request"], variables), fill(body, variables), kind)
                answer = None
                try:
                    answer = json.loads(text) if text else None
                except ValueError:
                    pass
                if isinstance(answer, dict):
                    for key, name in (("_scroll_id", "scroll"), ("pit_id", "pit")):
                        if key in answer:
                            variables[name] = answer[key]
                if place < len(setup):
                    if status >= 300:
                        print("setup failed in", case["name"], step["request"], status, text[:300])
                    continue
                if "expect" in step:
                    continue
                step["expect"] = {"status": status}
                if answer is not None:
                    step["expect"]["body"] = shape(answer, prefix)
            send(url, "DELETE /%s*?expand_wildcards=all" % prefix, "", "")
        with open(path, "w") as file:
            file.write("[\n" + ",\n".join(" " + json.dumps(case, ensure_ascii=False) for case in cases) + "\n]\n")


if __name__ == "__main__":
    main()
