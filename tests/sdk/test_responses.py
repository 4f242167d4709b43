"""Black box: `client.responses` of the official OpenAI SDK for Python against the gateway, before a provider of the same
protocol and before those of others.

    python -m unittest discover -s tests/sdk -p test_responses.py -v
"""

import asyncio
import json

import openai
from pydantic import BaseModel

import clients
from stand import EVERY_GROUP, Stand, before, wait_until

# Who has responses of its own, and who is asked otherwise.
OWN = ("own", "turns")
OTHERS = ("chat", "claude", "gemini", "bedrock", "cohere", "ollama")

WEATHER = {"type": "function", "name": "tool_0", "parameters": {"type": "object", "properties": {}}, "strict": False}

STAND = Stand(EVERY_GROUP)
setUpModule, tearDownModule = STAND.start, STAND.stop


def text_of(events):
    return "".join(event.delta for event in events if event.type == "response.output_text.delta")


def calls_of(answer):
    return [(item.name, json.loads(item.arguments)) for item in answer.output if item.type == "function_call"]


class SdkTest:
    """A client for each test, closed after it; `group` says before which provider."""

    group = ""

    def setUp(self):
        self.client = clients.of_openai(STAND)
        self.addCleanup(self.client.close)

    def ask(self, behaviour="mock", input="hi", **more):
        return self.client.responses.create(model=f"{self.group}/{behaviour}", input=input, **more)

    def helped(self, behaviour, **more):
        """The SDK's own helper for streams."""
        return self.client.responses.stream(model=f"{self.group}/{behaviour}", input="hi", **more)


@before(*OWN, *OTHERS)
class Responses(SdkTest):
    def test_whole(self):
        model = "mock:prompt-tokens=12,completion-tokens=5,text=forty two"
        answer = self.ask(model)
        self.assertEqual((answer.object, answer.status, answer.model), ("response", "completed", f"{self.group}/{model}"))
        self.assertEqual(answer.output_text, "forty two")
        self.assertEqual((answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.total_tokens), (12, 5, 17))

    def test_events(self):
        model = "mock:alphabet=mixed,chunks=20,prompt-tokens=12,completion-tokens=5"
        events = list(self.ask(model, stream=True))
        self.assertEqual([event.type for event in events[:3]], ["response.created", "response.in_progress", "response.output_item.added"])
        self.assertEqual([event.sequence_number for event in events], list(range(len(events))))
        self.assertEqual([event.type for event in events if event.type.startswith("response.complete")], ["response.completed"])
        self.assertEqual(events[-1].type, "response.completed")
        final = events[-1].response
        self.assertEqual(final.id, events[0].response.id)
        self.assertEqual((final.usage.input_tokens, final.usage.output_tokens, final.usage.total_tokens), (12, 5, 17))
        self.assertEqual(text_of(events), final.output_text)
        self.assertEqual(text_of(events), self.ask(model).output_text)

    def test_the_helper_for_streams(self):
        model = "mock:chunks=4,thinking=3,tool-calls=2,text-too,chunk-bytes=3"
        with self.helped(model, tools=[WEATHER], reasoning={"summary": "auto"}) as stream:
            events = list(stream)
            final = stream.get_final_response()
        snapshots = [event.snapshot for event in events if event.type == "response.output_text.delta"]
        self.assertEqual((len(snapshots), snapshots[-1]), (4, final.output_text))
        order = ["reasoning", "message", "function_call", "function_call"]
        # Cohere's thought before calls is its plan for them, behind the text; a call of Google's has a signature of its own
        order = {"cohere": ["message", "reasoning", *order[2:]], "gemini": [*order[:2], "reasoning", *order[2:]]}.get(self.group, order)
        self.assertEqual([item.type for item in final.output], order)
        thought = "".join(event.delta for event in events if event.type == "response.reasoning_summary_text.delta")
        self.assertEqual((len(thought), thought), (9, next(item for item in final.output if item.type == "reasoning").summary[0].text))
        whole = self.ask(model, tools=[WEATHER], reasoning={"summary": "auto"})
        self.assertCountEqual([item.type for item in whole.output], order)
        self.assertEqual([name for name, _ in calls_of(whole)], ["tool_0", "tool_1"])
        self.assertEqual(calls_of(final), calls_of(whole))
        joined = {}
        for event in events:
            if event.type == "response.function_call_arguments.delta":
                joined[event.output_index] = joined.get(event.output_index, "") + event.delta
                self.assertEqual(event.snapshot, joined[event.output_index])
        self.assertEqual(joined, {n: item.arguments for n, item in enumerate(final.output) if item.type == "function_call"})

    def test_parse(self):
        class City(BaseModel):
            name: str
            people: int

        model = "mock:text=%7B%22name%22:%22Oslo%22%2C%22people%22:717710%7D"
        parsed = self.client.responses.parse(model=f"{self.group}/{model}", input="hi", text_format=City)
        self.assertEqual(parsed.output_parsed, City(name="Oslo", people=717710))
        with self.helped(model, text_format=City) as stream:
            stream.until_done()
            self.assertEqual(stream.get_final_response().output_parsed, City(name="Oslo", people=717710))

    def test_tools_and_thought_go_round(self):
        asked = {"tools": [WEATHER], "include": ["reasoning.encrypted_content"], "store": False, "reasoning": {"summary": "auto"}}
        model = "mock:tool-calls=1,thinking=2"
        with self.helped(model, **asked) as stream:
            stream.until_done()
            streamed = stream.get_final_response()
        for first in (self.ask(model, **asked), streamed):
            call = next(item for item in first.output if item.type == "function_call")
            thought = next(item for item in first.output if item.type == "reasoning")
            self.assertEqual(len(thought.summary[0].text), 16)
            back = [{"role": "user", "content": "hi"}, *first.output, {"type": "function_call_output", "call_id": call.call_id, "output": "18"}]
            again = self.ask("mock:text=sunny", back, tools=[WEATHER])
            self.assertEqual(again.output_text, "sunny")
            sent = json.dumps(STAND.requests()[-1]["body"])
            # Google's protocol and Ollama's name a call by its tool
            for words in ("old town", "tool_0" if self.group in ("gemini", "ollama") else call.call_id, '"18"'):
                self.assertIn(words, sent)

    def test_an_answer_that_was_cut_says_so(self):
        answer = self.ask("mock:chunks=3,stop=length")
        self.assertEqual((answer.status, answer.incomplete_details.reason), ("incomplete", "max_output_tokens"))
        last = list(self.ask("mock:chunks=3,stop=length", stream=True))[-1]
        self.assertEqual((last.type, last.response.incomplete_details.reason), ("response.incomplete", "max_output_tokens"))

    def test_asynchronously(self):
        model = f"{self.group}/mock:chunks=4"

        async def read():
            async with clients.of_openai(STAND, openai.AsyncOpenAI) as client:
                whole = await client.responses.create(model=model, input="hi")
                events = [event async for event in await client.responses.create(model=model, input="hi", stream=True)]
                async with client.responses.stream(model=model, input="hi") as stream:
                    final = await stream.get_final_response()
                return whole.output_text, text_of(events), final.output_text

        whole, *others = asyncio.run(read())
        self.assertEqual(others, [whole, whole])

    def test_leaving_a_stream_ends_the_providers_too(self):
        before = STAND.stats()["streams_cancelled"]
        with self.ask("mock:chunks=5000,gap=10ms", stream=True) as stream:
            self.assertEqual(next(iter(stream)).type, "response.created")
        wait_until(lambda: STAND.stats()["streams_cancelled"] == before + 1, "the provider's stream to end")


@before(*OWN, *OTHERS)
class ResponseErrors(SdkTest):
    def test_each_status_has_its_class(self):
        def look(error):
            self.assertTrue(error.body["message"] and error.type)

        self.each_status_fails(clients.OPENAI_ERRORS, look)

    def test_what_is_no_input(self):
        self.assertEqual(self.fails(openai.BadRequestError, "mock", 7).param, "input")

    def test_a_stream_that_breaks_does_not_look_complete(self):
        for fault in ("cut:6", "mid-chunk:6", "cut:6,how=rst", "error-event:6,message=slow down"):
            with self.subTest(fault):
                events = list(self.ask(f"mock:chunks=9,fault={fault},gap=5ms", stream=True))
                self.assertNotEqual(text_of(events), "")
                self.assertEqual([event.type for event in events if event.type in ("error", "response.completed")], ["error"])
                self.assertEqual(events[-1].type, "error")
                self.assertIn("slow down" if "slow" in fault else "broke off before its end", events[-1].message)
            with self.subTest(fault, helper=True), self.assertRaises(RuntimeError):
                with self.helped(f"mock:chunks=9,fault={fault},gap=5ms") as stream:
                    stream.get_final_response()


@before(*OWN)
class Kept(SdkTest):
    def test_what_the_provider_keeps_passes(self):
        self.ask("mock", previous_response_id="resp_1")
        self.assertIn("resp_1", json.dumps(STAND.requests()[-1]))


@before(*OTHERS)
class NotKept(SdkTest):
    def test_what_nobody_keeps_is_refused(self):
        refused = self.fails(openai.BadRequestError, "mock", previous_response_id="resp_1")
        self.assertEqual(refused.param, "previous_response_id")
