"""A check for developers, not part of `.ci/run`: whether what the gateway answers is what OpenAI's published description says,
before a provider of OpenAI's protocol and before others.

    pip install -r tests/openapi/requirements.in
    python tests/openapi/check.py path/to/openapi.yaml

The description (https://github.com/openai/openai-openapi) is not in this repository. The program under test is found as the SDK tests find
theirs. Prints each place that does not validate; ends with 1 if one of them is ours, that is, not the provider's own bytes.
"""

import json
import sys
import urllib.error
import urllib.request
from pathlib import Path

import jsonschema
import yaml
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "sdk"))
from stand import MASTER_KEY, PATIENCE, Stand  # noqa: E402

# `own`: OpenAI's protocols, whose answers pass as they came. The others are written by the gateway.
CONFIG = """
model_list:
  - model_name: "own/*"
    litellm_params: {{model: "openai/*", api_base: "{provider}", api_key: {provider_key}}}
  - model_name: "chat/*"
    litellm_params: {{model: "together_ai/*", api_base: "{provider}", api_key: {provider_key}}}
  - model_name: "responses/*"
    litellm_params: {{model: "openai/responses/*", api_base: "{provider}", api_key: {provider_key}}}
  - model_name: "claude/*"
    litellm_params: {{model: "anthropic/*", api_base: "{root}", api_key: {provider_key}}}
  - model_name: "gemini/*"
    litellm_params: {{model: "gemini/*", api_base: "{root}", api_key: {provider_key}}}
litellm_settings:
  drop_params: true
router_settings:
  num_retries: 0
  disable_cooldowns: true
"""

BEHAVIOURS = [
    "mock",
    "mock:chunks=2,tool-calls=2,text-too,thinking=2",
    "mock:tool-calls=1,arguments=none",
    "mock:chunks=3,stop=length",
    "mock:chunks=3,stop=refusal",
    "mock:chunks=2,prompt-tokens=100,cached-tokens=40,reasoning-tokens=1",
]

GROUPS = ["own", "chat", "responses", "claude"]


# What a response repeats: parameters that shape it, and labels.
PARAMETERS = {
    "instructions": "Be brief.",
    "max_output_tokens": 64,
    "metadata": {"ticket": "T-1"},
    "parallel_tool_calls": False,
    "reasoning": {"effort": "low"},
    "temperature": 0.5,
    "text": {"format": {"type": "json_schema", "name": "city", "schema": {"type": "object"}, "strict": True}},
    "tool_choice": {"type": "function", "name": "look"},
    "tools": [{"type": "function", "name": "look", "parameters": {"type": "object"}, "strict": True}],
    "top_p": 1,
    "user": "u-17",
}


# Where the description is stricter than OpenAI's own answers: schema, the end of a place, and the value there.
STRICTER = [
    # every chunk but the last has null, also in the description's own examples
    ("CreateChatCompletionStreamResponse", "finish_reason: None"),
    ("CreateCompletionResponse", "finish_reason: None"),
    # "all other chunks will also include a usage field, but with a null value" (`ChatCompletionStreamOptions`)
    ("CreateCompletionResponse", "usage: None"),
]


class Description:
    """The schemas, and a validator for each."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.all = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        nullable(self.all["components"]["schemas"])
        self.registry = Registry().with_resource("urn:openai", Resource(contents=self.all, specification=DRAFT202012))
        events = self.all["components"]["schemas"]["ResponseStreamEvent"]
        names = [ref["$ref"].rsplit("/", 1)[1] for ref in events.get("anyOf", events.get("oneOf"))]
        self.events = {kind: name for name in names for kind in self.kinds(name)}

    def kinds(self, name):
        kind = self.all["components"]["schemas"][name]["properties"]["type"]
        return kind.get("enum", [kind.get("const")])

    def faults(self, name, value):
        schema = {"$ref": f"urn:openai#/components/schemas/{name}"}
        validator = jsonschema.Draft202012Validator(schema, registry=self.registry)
        for error in validator.iter_errors(value):
            deepest = jsonschema.exceptions.best_match([error])
            fault = f"{'/'.join(map(str, deepest.absolute_path)) or '(top)'}: {deepest.message[:300]}"
            if not any(of == name and known in fault for of, known in STRICTER):
                yield fault


def nullable(schema):
    """`nullable: true` is a word of OpenAPI 3.0, which this description still has, and no word of JSON Schema."""
    for value in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        nullable(value)
    if isinstance(schema, dict) and schema.get("nullable") is True:
        plain = {name: schema.pop(name) for name in list(schema)}
        schema["anyOf"] = [plain, {"type": "null"}]


class Check:
    """Asks, validates, and remembers what does not."""

    def __init__(self, description, stand):
        self.description, self.stand = description, stand
        self.validated, self.found = 0, {}

    def ask(self, path, body=None):
        request = urllib.request.Request(self.stand.url + path, method="GET" if body is None else "POST")
        request.add_header("authorization", f"Bearer {MASTER_KEY}")
        if body is not None:
            request.add_header("content-type", "application/json")
            request.data = json.dumps(body).encode()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def valid(self, ours, what, schema, value):
        self.validated += 1
        for fault in self.description.faults(schema, value):
            self.found.setdefault((ours, what, schema, fault), 0)
            self.found[ours, what, schema, fault] += 1

    def whole(self, ours, path, schema, body=None):
        model = (body or {}).get("model", "")
        status, text = self.ask(path, body)
        # an answer of calls alone is no text completion, and is told so
        self.valid(ours, f"{path} {model}", schema if status == 200 else "ErrorResponse", json.loads(text))

    def stream(self, ours, path, body, schema_of):
        what = f"{path} {body['model']} (stream)"
        status, text = self.ask(path, body | {"stream": True})
        if status != 200:
            self.valid(ours, what, "ErrorResponse", json.loads(text))
            return
        for block in text.split("\n\n"):
            data = next((line[6:] for line in block.splitlines() if line.startswith("data: ")), None)
            if data and data != "[DONE]":
                event = json.loads(data)
                failed = set(event) == {"error"}
                self.valid(ours, what, "ErrorResponse" if failed else schema_of(event), event)

    def run(self):
        kinds = self.description.events
        for group in GROUPS:
            for behaviour in BEHAVIOURS:
                model = f"{group}/{behaviour}"
                chat = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
                ours = group in ("responses", "claude")
                self.whole(ours, "/v1/chat/completions", "CreateChatCompletionResponse", chat)
                chat["stream_options"] = {"include_usage": True}
                self.stream(ours, "/v1/chat/completions", chat, lambda _: "CreateChatCompletionStreamResponse")
                text = {"model": model, "prompt": "hi", "echo": True, "max_tokens": 64}
                ours = group not in ("own", "chat")
                self.whole(ours, "/v1/completions", "CreateCompletionResponse", text)
                text["stream_options"] = {"include_usage": True}
                self.stream(ours, "/v1/completions", text, lambda _: "CreateCompletionResponse")
                response = {"model": model, "input": "hi"}
                self.whole(group != "own" and group != "responses", "/v1/responses", "Response", response)
                by_type = lambda event: kinds.get(event.get("type"), "ResponseErrorEvent")
                self.stream(group != "own" and group != "responses", "/v1/responses", response, by_type)
                self.whole(group != "own" and group != "responses", "/v1/responses", "Response", response | PARAMETERS)
                self.stream(group != "own" and group != "responses", "/v1/responses", response | PARAMETERS, by_type)
        for model in ("own/mock:chunks=4,cut:3", "claude/mock:chunks=4,cut:3"):
            self.stream(model.startswith("claude"), "/v1/responses", {"model": model, "input": "hi"}, by_type)
        self.whole(False, "/v1/embeddings", "CreateEmbeddingResponse", {"model": "own/mock", "input": ["a", "b"]})
        self.whole(True, "/v1/embeddings", "CreateEmbeddingResponse", {"model": "gemini/mock", "input": ["a", "b"]})
        self.whole(True, "/v1/models", "ListModelsResponse")
        self.whole(True, "/v1/models/own/mock", "Model")
        for path in ("/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/embeddings", "/v1/nothing"):
            self.whole(True, path, "ErrorResponse", {})


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    stand = Stand(CONFIG)
    try:
        check = Check(Description(sys.argv[1]), stand)
        check.run()
    finally:
        stand.stop()
    for (ours, what, schema, fault), times in check.found.items():
        print(f"{'OURS' if ours else 'provider'}  {what}\n    {schema}: {fault}  ({times} times)")
    ours = sum(mine for (mine, *_), _ in check.found.items())
    print(f"{check.validated} answers and events validated, {len(check.found)} kinds of faults, {ours} of them ours")
    sys.exit(1 if ours else 0)


if __name__ == "__main__":
    main()
