"""Black box: `client.responses` of the official OpenAI SDK for Python against the gateway, before a provider of the same
protocol and before those of others.

    python -m unittest discover -s tests/sdk -p test_responses.py -v
"""

import json

import httpx2
import openai
from pydantic import BaseModel

from stand import MASTER_KEY, PATIENCE, Asking, Stand

# `own/`: responses pass as they come. `chat/`: a server that has chat completions only. `claude/`: Anthropic.
CONFIG = """
model_list:
  - model_name: "own/*"
    litellm_params: {{model: "openai/*", api_base: "{provider}", api_key: {provider_key}}}
  - model_name: "chat/*"
    litellm_params: {{model: "together_ai/*", api_base: "{provider}", api_key: {provider_key}}}
  - model_name: "claude/*"
    litellm_params: {{model: "anthropic/*", api_base: "{root}", api_key: {provider_key}}}
router_settings:
  num_retries: 0
  disable_cooldowns: true
"""

WEATHER = {"type": "function", "name": "tool_0", "parameters": {"type": "object", "properties": {}}, "strict": False}

STAND: Stand


def setUpModule():
    global STAND
    STAND = Stand(CONFIG)


def tearDownModule():
    STAND.stop()


class Answers:
    """What holds before every provider; `group` says which."""

    group = ""

    def setUp(self):
        # trust_env=False: a proxy of the machine's environment must not come between the tests and loopback
        http = httpx2.Client(trust_env=False)
        self.client = openai.OpenAI(api_key=MASTER_KEY, base_url=STAND.url + "/v1", max_retries=0, timeout=PATIENCE, http_client=http)
        self.addCleanup(self.client.close)

    def ask(self, behaviour="mock", input="hi", **more):
        return self.client.responses.create(model=f"{self.group}/{behaviour}", input=input, **more)

    def test_whole(self):
        model = "mock:prompt-tokens=12,completion-tokens=5,text=forty two"
        answer = self.ask(model)
        self.assertEqual((answer.object, answer.status, answer.model), ("response", "completed", f"{self.group}/{model}"))
        self.assertEqual(answer.output_text, "forty two")
        self.assertEqual((answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.total_tokens), (12, 5, 17))

    def test_events(self):
        model = "mock:alphabet=mixed,chunks=20"
        events = list(self.ask(model, stream=True))
        self.assertEqual([event.type for event in events[:3]], ["response.created", "response.in_progress", "response.output_item.added"])
        self.assertEqual([event.sequence_number for event in events], list(range(len(events))))
        self.assertEqual(events[-1].type, "response.completed")
        text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
        self.assertEqual(text, events[-1].response.output_text)
        self.assertEqual(text, self.ask(model).output_text)

    def test_the_stream_helper(self):
        model = f"{self.group}/mock:chunks=4,thinking=3,tool-calls=2,text-too,chunk-bytes=3"
        with self.client.responses.stream(model=model, input="hi", tools=[WEATHER], reasoning={"summary": "auto"}) as stream:
            snapshots = [event.snapshot for event in stream if event.type == "response.output_text.delta"]
            final = stream.get_final_response()
        self.assertEqual(snapshots[-1], final.output_text)
        self.assertEqual([item.type for item in final.output], ["reasoning", "message", "function_call", "function_call"])
        whole = self.client.responses.create(model=model, input="hi", tools=[WEATHER])
        calls = lambda answer: [json.loads(item.arguments) for item in answer.output if item.type == "function_call"]
        self.assertEqual(calls(final), calls(whole))

    def test_parse(self):
        class City(BaseModel):
            name: str
            people: int

        model = f"{self.group}/mock:text=%7B%22name%22:%22Oslo%22%2C%22people%22:717710%7D"
        parsed = self.client.responses.parse(model=model, input="hi", text_format=City)
        self.assertEqual(parsed.output_parsed, City(name="Oslo", people=717710))
        with self.client.responses.stream(model=model, input="hi", text_format=City) as stream:
            stream.until_done()
            self.assertEqual(stream.get_final_response().output_parsed, City(name="Oslo", people=717710))

    def test_tools_and_thought_go_round(self):
        first = self.ask(
            "mock:tool-calls=1,thinking=2", tools=[WEATHER], include=["reasoning.encrypted_content"], store=False, reasoning={"summary": "auto"}
        )
        call = next(item for item in first.output if item.type == "function_call")
        thought = next(item for item in first.output if item.type == "reasoning")
        self.assertTrue(thought.summary[0].text)
        again = self.ask(
            "mock:text=sunny",
            [{"role": "user", "content": "hi"}, *first.output, {"type": "function_call_output", "call_id": call.call_id, "output": "18"}],
            tools=[WEATHER],
        )
        self.assertEqual(again.output_text, "sunny")
        self.assertIn(call.call_id, json.dumps(STAND.requests()[-1]))

    def test_an_answer_that_was_cut_says_so(self):
        answer = self.ask("mock:chunks=3,stop=length")
        self.assertEqual((answer.status, answer.incomplete_details.reason), ("incomplete", "max_output_tokens"))
        self.assertEqual(list(self.ask("mock:chunks=3,stop=length", stream=True))[-1].type, "response.incomplete")

    def test_errors(self):
        self.fails(openai.BadRequestError, "mock:status:400")
        self.fails(openai.RateLimitError, "mock:status:429")
        self.fails(openai.InternalServerError, "mock:status:500", stream=True)
        wrong = self.fails(openai.BadRequestError, "mock", 7)
        self.assertEqual(wrong.param, "input")

    def test_a_stream_that_breaks_does_not_look_complete(self):
        events = list(self.ask("mock:chunks=5,cut:4", stream=True))
        self.assertEqual(events[-1].type, "error")
        self.assertTrue(events[-1].message)
        with self.assertRaises(RuntimeError):
            with self.client.responses.stream(model=f"{self.group}/mock:chunks=5,cut:4", input="hi") as stream:
                stream.get_final_response()


class BeforeOpenAI(Answers, Asking):
    group = "own"

    def test_what_the_provider_keeps_passes(self):
        self.ask("mock", previous_response_id="resp_1")
        self.assertIn("resp_1", json.dumps(STAND.requests()[-1]))


class BeforeChatCompletions(Answers, Asking):
    group = "chat"

    def test_what_nobody_keeps_is_refused(self):
        refused = self.fails(openai.BadRequestError, "mock", previous_response_id="resp_1")
        self.assertEqual(refused.param, "previous_response_id")


class BeforeAnthropic(BeforeChatCompletions):
    group = "claude"
