#!/usr/bin/python3
"""tests/openapi.py - docs/openapi.yaml, and what is held against it.

  openapi.py check                 is it OpenAPI 3.1, laid out as its own first lines say?
  openapi.py matrix                METHOD PATH ACT ROLES LOCAL KIND BODY, a line an operation, for tests/flow/roles.sh
  openapi.py answers DIR [HOW...]  does each answer in DIR stand in it? HOW: successes, refusals: at least one of
                                   them was seen of every operation

An answer is a file: "METHOD TARGET STATUS", the headers, an empty line, the body. Debian's python3-yaml and
python3-jsonschema.
"""
import collections
import datetime
import json
import os
import re
import sys

import jsonschema
import yaml

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "docs", "openapi.yaml")
METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
PROBLEM = "application/problem+json"
JSON = ("application/json", PROBLEM)
problems = []


def wrong(where, what):
    problems.append("%s: %s" % (where, what))


class Strict(yaml.SafeLoader):
    """No name twice, and dates stay texts."""

    def construct_mapping(self, node, deep=False):
        names = [self.construct_object(k, deep=True) for k, _ in node.value]
        for name, n in collections.Counter(names).items():
            if n > 1:
                wrong("line %d" % (node.start_mark.line + 1), "%s stands twice" % name)
        return super().construct_mapping(node, deep)


Strict.yaml_implicit_resolvers = {
    k: [r for r in v if r[0] != "tag:yaml.org,2002:timestamp"]
    for k, v in yaml.SafeLoader.yaml_implicit_resolvers.items()
}

with open(FILE, encoding="utf-8") as f:
    DOC = yaml.load(f, Strict)

FORMATS = jsonschema.FormatChecker()


@FORMATS.checks("date-time", raises=ValueError)
def is_time(text):
    return not isinstance(text, str) or bool(datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def follow(node):
    while isinstance(node, dict) and "$ref" in node and node["$ref"].startswith("#/"):
        at = DOC
        for part in node["$ref"][2:].split("/"):
            at = at[part.replace("~1", "/").replace("~0", "~")]
        node = at
    return node


def faults(schema, value):
    v = jsonschema.Draft202012Validator(
        schema, resolver=jsonschema.RefResolver("", DOC), format_checker=FORMATS)
    return ["/%s: %s" % ("/".join(map(str, e.absolute_path)), e.message[:300]) for e in v.iter_errors(value)]


def operations():
    for path, item in DOC["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method.upper(), item, item[method]


# --- the document -----------------------------------------------------------------------------

SHAPES = {  # which members an object of the specification has (OpenAPI 3.1.0, section 4.8), and which of them always
    "root": ("openapi info servers security tags paths components", "openapi info paths"),
    "info": ("title version summary description license contact termsOfService", "title version"),
    "path": ("parameters summary description get put post delete patch head options trace", ""),
    "operation": ("operationId summary description tags parameters requestBody responses security deprecated",
                  "operationId summary tags responses"),
    "parameter": ("name in required description schema explode style example", "name in schema"),
    "body": ("required description content", "content"),
    "response": ("description headers content", "description"),
    "header": ("description required schema", "schema"),
    "media": ("schema example examples", "schema"),
    "components": ("securitySchemes headers parameters requestBodies responses schemas", ""),
}


def shape(kind, where, node):
    if not isinstance(node, dict):
        wrong(where, "expected an object")
        return {}
    may, must = (s.split() for s in SHAPES[kind])
    for name in node:
        if name not in may and not str(name).startswith("x-"):
            wrong(where, "%s is no member of a %s" % (name, kind))
    for name in must:
        if name not in node:
            wrong(where, "a %s has %s" % (kind, name))
    return node


def check_refs(where, node, used):
    if isinstance(node, list):
        for i, one in enumerate(node):
            check_refs("%s/%d" % (where, i), one, used)
    elif isinstance(node, dict):
        if "$ref" in node:
            used.add(node["$ref"])
            try:
                follow(node)
            except (KeyError, TypeError):
                wrong(where, "%s is nowhere" % node["$ref"])
        for name, one in node.items():
            check_refs("%s/%s" % (where, name), one, used)


def check_schema(where, schema, closed):
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as e:
        wrong(where, e.message)
        return
    check_closed(where, schema, closed)


def check_closed(where, schema, closed, above=()):
    """An object tells all that may be in it, and what it requires is among that."""
    if not isinstance(schema, dict):
        return
    names = set(schema.get("properties", {})) | set(above)
    for part in schema.get("allOf", []):
        names |= set(follow(part).get("properties", {}))
    for name in schema.get("required", []):
        if name not in names:
            wrong(where, "requires %s, which it does not tell of" % name)
    if closed and schema.get("type") == "object" and not {"additionalProperties", "unevaluatedProperties"} & set(schema):
        wrong(where, "an object that does not say whether it takes other members")
    for name, one in schema.get("properties", {}).items():
        check_closed("%s/%s" % (where, name), one, closed)
    check_closed(where + "/items", schema.get("items"), closed)
    for one in schema.get("oneOf", []):
        check_closed(where + "/oneOf", one, closed, names)


def check_content(where, content):
    for kind, media in content.items():
        if not re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", kind):
            wrong(where, "%s is no media type" % kind)
        if kind == "application/octet-stream" and media == {}:
            continue
        schema = shape("media", "%s %s" % (where, kind), media).get("schema", {})
        check_schema("%s %s" % (where, kind), schema, kind in JSON)
        if "example" in media:
            for fault in faults(schema, media["example"]):
                wrong("%s %s: example" % (where, kind), fault)


def check_parameters(where, path, given):
    names = collections.Counter()
    for one in given:
        p = shape("parameter", where, follow(one))
        names[p.get("in"), p.get("name")] += 1
        check_schema("%s %s" % (where, p.get("name")), p.get("schema", {}), False)
        if p.get("in") not in ("path", "query", "header"):
            wrong(where, "%s: in %s" % (p.get("name"), p.get("in")))
        if p.get("in") == "path" and p.get("required") is not True:
            wrong(where, "%s: a part of the path is required" % p.get("name"))
    for (place, name), n in names.items():
        if n > 1:
            wrong(where, "%s: told twice" % name)
    want = set(re.findall(r"\{([a-z_]+)\}", path))
    have = {name for place, name in names if place == "path"}
    if want != have:
        wrong(where, "names in the path: %s" % ", ".join(sorted(want ^ have)))


def check_operation(path, method, item, op):
    where = "%s %s" % (method, path)
    shape("operation", where, op)
    check_parameters(where, path, item.get("parameters", []) + op.get("parameters", []))
    for tag in op.get("tags", []):
        if tag not in {t["name"] for t in DOC["tags"]}:
            wrong(where, "%s is no tag" % tag)
    if "requestBody" in op:
        check_content(where, shape("body", where, follow(op["requestBody"])).get("content", {}))
    if method in ("GET", "HEAD", "DELETE") and "requestBody" in op:
        wrong(where, "a body has no meaning there")
    kinds = collections.Counter()
    for status, one in op["responses"].items():
        if not isinstance(status, str) or not re.fullmatch(r"[2-5][0-9][0-9]", status):
            wrong(where, "%s is no status" % status)
            continue
        r = shape("response", "%s %s" % (where, status), follow(one))
        kinds[status[0]] += 1
        for name, header in r.get("headers", {}).items():
            check_schema("%s %s" % (where, name), shape("header", where, follow(header)).get("schema", {}), False)
        check_content("%s %s" % (where, status), r.get("content", {}))
        if status[0] in "45" and path.startswith("/v1/") and list(r.get("content", {})) != [PROBLEM]:
            wrong(where, "%s is a problem document (RFC 9457)" % status)
    if kinds["2"] == 0 or kinds["4"] + kinds["5"] == 0:
        wrong(where, "expected a success and a refusal")


def check():
    shape("root", "document", DOC)
    shape("info", "info", DOC["info"])
    shape("components", "components", DOC["components"])
    if DOC["openapi"] != "3.1.0":
        wrong("openapi", "expected 3.1.0")
    used = set()
    check_refs("", DOC, used)
    for kind, of in DOC["components"].items():
        for name, one in of.items():
            if kind != "securitySchemes" and "#/components/%s/%s" % (kind, name) not in used:
                wrong("components/%s/%s" % (kind, name), "nobody uses it")
            if kind == "schemas":
                check_schema("components/schemas/" + name, one, False)
    for need in DOC["security"]:
        for name in need:
            if name not in DOC["components"]["securitySchemes"]:
                wrong("security", name)
    seen = set()
    for path, item in DOC["paths"].items():
        shape("path", path, item)
        plain = re.sub(r"\{.*?\}", "{}", path)
        if not path.startswith("/") or plain in seen:
            wrong(path, "no path, or one that stands twice")
        seen.add(plain)
    n = 0
    for path, method, item, op in operations():
        check_operation(path, method, item, op)
        n += 1
    ids = collections.Counter(op.get("operationId") for _, _, _, op in operations())
    for name, times in ids.items():
        if times > 1 or not re.fullmatch(r"[a-z][A-Za-z]+", str(name)):
            wrong("operationId", str(name))
    print("%d paths, %d operations, %d schemas" % (len(seen), n, len(DOC["components"]["schemas"])))


def matrix():
    for path, method, item, op in operations():
        if not path.startswith("/v1/"):
            continue
        body = "-"
        for media in follow(op.get("requestBody", {})).get("content", {}).values():
            body = json.dumps(media.get("example", {}), separators=(",", ":"))
        kinds = [kind for r in op["responses"].values() for kind in follow(r).get("content", {})]
        query = ["%s=%s" % (p["name"], "{tenant}" if p["name"] == "tenant" else follow(p["schema"]).get("minimum", "x"))
                 for p in map(follow, item.get("parameters", []) + op.get("parameters", []))
                 if p["in"] == "query" and p.get("required")]
        print(method, path + ("?" + "&".join(query) if query else ""), op.get("x-act", "-"), ",".join(op["x-roles"]) or "-", op.get("x-local", "-"),
              "stream" if "text/event-stream" in kinds else "-", body)


# --- answers ----------------------------------------------------------------------------------

def pattern(path):
    return re.compile("".join(".+" if part == "{tile}" else "[^/]+" if part.startswith("{") else re.escape(part)
                              for part in re.split(r"(\{[a-z_]+\})", path)))


PATHS = [(pattern(path), path) for path in
         sorted(DOC["paths"], key=lambda p: (p.count("{"), p))] if "paths" in DOC else []


def read_answer(name):
    with open(name, "rb") as f:
        head, _, body = f.read().partition(b"\n\n")
    lines = head.decode("latin-1").split("\n")
    method, target, status = re.fullmatch(r"(\S*) (.*) ([0-9]{3})", lines[0]).groups()
    headers = collections.defaultdict(list)
    for line in lines[1:]:
        key, _, value = line.partition(":")
        headers[key.strip().lower()].append(value.strip())
    return method, target, status, headers, body


def hold(where, schema, value):
    for fault in faults(schema, value):
        wrong(where, fault)


def check_body(where, status, kind, media, body):
    if media["schema"].get("format") == "binary":
        return
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        wrong(where, "no UTF-8")
        return
    try:
        if kind in JSON:
            value = json.loads(text)
            hold(where, media["schema"], value)
            if kind == PROBLEM and str(value.get("status")) != status:
                wrong(where, "the problem says %s" % value.get("status"))
            return
        hold(where, media["schema"], text)
        for line in text.splitlines() if "x-line" in media else []:
            hold(where, media["x-line"], json.loads(line))
    except ValueError as e:
        wrong(where, "no JSON: %s" % e)


def check_headers(where, told, headers):
    for name, one in told.items():
        header = follow(one)
        have = headers.get(name.lower(), [])
        if len(have) > 1 or (header.get("required") and not have):
            wrong(where, "%s stands %d times" % (name, len(have)))
        for value in have:
            whole = header["schema"].get("type") == "integer" and value.isdigit()
            hold("%s %s" % (where, name), header["schema"], int(value) if whole else value)


def check_unknown(where, status, headers, body):
    """No operation: it must say so itself, as a problem."""
    if status not in ("400", "401", "403", "404", "405", "414", "429"):
        wrong(where, "no operation of docs/openapi.yaml")
    elif headers.get("content-type") != [PROBLEM] or faults({"$ref": "#/components/schemas/Problem"},
                                                            json.loads(body or b"{}")):
        wrong(where, "no operation, and no problem document")
    if status == "405" and not headers.get("allow"):
        wrong(where, "405 without Allow")


def check_answer(name, seen):
    method, target, status, headers, body = read_answer(name)
    where = "%s %s %s" % (method, target[:100], status)
    path = target.partition("?")[0]
    for key in headers:
        if key.startswith("access-control-"):
            wrong(where, key)
    found = next((known for regex, known in PATHS if regex.fullmatch(path)), None)
    op = DOC["paths"].get(found, {}).get({"HEAD": "get"}.get(method, method.lower() if method.isupper() else ""))
    if op is None or (method == "HEAD" and status == "405"):
        if method == "HEAD":
            return
        if found and not found.startswith("/v1") and status == "405" and headers.get("allow"):
            return  # /healthz and the like are no API, and say no in plain words
        return check_unknown(where, status, headers, body)
    response = follow(op["responses"].get(status))
    if response is None:
        return wrong(where, "%s has no such answer" % op["operationId"])
    seen[op["operationId"]].add("success" if status < "400" else "refusal")
    check_headers(where, response.get("headers", {}), headers)
    if method == "HEAD":
        return
    content = response.get("content", {})
    kind = (headers.get("content-type") or [""])[0].partition(";")[0]
    if kind == "" and not content and not body:
        return
    if kind not in content:
        return wrong(where, "%s is none of %s" % (kind or "no type", ", ".join(content) or "nothing"))
    if "schema" in content[kind]:
        check_body(where, status, kind, content[kind], body)


def answers(folder, how):
    seen = collections.defaultdict(set)
    files = sorted(os.listdir(folder))
    for name in files:
        before = len(problems)
        check_answer(os.path.join(folder, name), seen)
        problems[before:] = ["%s: %s" % (name, p) for p in problems[before:]]
    for path, method, _, op in operations():
        for kind in ("success", "refusal"):
            if kind + ("es" if kind == "success" else "s") in how and kind not in seen[op["operationId"]]:
                if not (kind == "refusal" and op.get("security") == [] and path.startswith("/v1/") is False):
                    wrong("%s %s" % (method, path), "no %s was seen of it" % kind)
    if not files:
        wrong(folder, "no answers")
    print("%d answers, %d operations seen" % (len(files), len([s for s in seen.values() if s])))


def main():
    what = sys.argv[1] if len(sys.argv) > 1 else ""
    if what == "check":
        check()
    elif what == "matrix":
        matrix()
    elif what == "answers" and len(sys.argv) > 2:
        answers(sys.argv[2], sys.argv[3:])
    else:
        sys.exit(__doc__)
    for one in problems[:60]:
        print("wrong: " + one)
    if len(problems) > 60:
        print("wrong: and %d more" % (len(problems) - 60))
    sys.exit(1 if problems else 0)


main()
