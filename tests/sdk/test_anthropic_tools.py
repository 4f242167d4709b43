"""Black box: tools, thought, structured output and the loop of tools by the official Anthropic SDK for Python. Reads as
test_anthropic.py does."""

import json

import anthropic
from pydantic import BaseModel

import test_anthropic
from stand import GROUPS, before
from test_anthropic import FOREIGN, HI, SAME, SdkTest, comparable, text
from test_anthropic import setUpModule, tearDownModule  # noqa: F401: unittest finds them here

WEATHER = {"name": "tool_0", "description": "the weather", "input_schema": {"type": "object", "properties": {}}}

# The budget counts within max_tokens.
BUDGET = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2048}

# How a result's call is named where it is sent on.
NAMED = {"gemini": "tool_0", "ollama": "tool_0"}


class City(BaseModel):
    name: str
    people: int


OSLO = "mock:text=%7B%22name%22:%22Oslo%22%2C%22people%22:717710%7D,chunk-bytes=5"


def of_kind(message, kind):
    return [block for block in message.content if block.type == kind]


@before("mock", *GROUPS)
class Tools(SdkTest):
    def test_parallel_calls_streamed_and_whole(self):
        behaviour = "mock:tool-calls=2,chunk-bytes=3,text-too,prompt-tokens=9"
        whole = self.ask(behaviour, tools=[WEATHER])
        # a call of Google's has a signature of its own, told as thought before it
        kinds = [block.type for block in whole.content if block.type != "thinking"]
        self.assertEqual(kinds, ["text", "tool_use", "tool_use"])
        calls = of_kind(whole, "tool_use")
        self.assertEqual([block.name for block in calls], ["tool_0", "tool_1"])
        self.assertEqual(calls[1].input["city"], 'Zürich "old town"')
        self.assertEqual(whole.stop_reason, "tool_use")
        self.assertEqual(len({block.id for block in calls}), 2)
        self.assertEqual(comparable(self.final(behaviour, tools=[WEATHER])), comparable(whole))

    def test_the_helper_tells_arguments_as_they_come(self):
        asked = self.asked("mock:tool-calls=2,chunk-bytes=3", tools=[WEATHER])
        with self.client.messages.stream(**asked) as stream:
            events = list(stream)
            final = stream.get_final_message()
        joined = {}
        for event in events:
            if event.type == "content_block_delta" and event.delta.type == "input_json_delta":
                joined[event.index] = joined.get(event.index, "") + event.delta.partial_json
        inputs = {n: block.input for n, block in enumerate(final.content) if block.type == "tool_use"}
        self.assertEqual({n: json.loads(arguments) for n, arguments in joined.items()}, inputs)
        told = [event.snapshot for event in events if event.type == "input_json"]
        self.assertEqual(told[-1], of_kind(final, "tool_use")[1].input)
        stopped = [event.content_block for event in events if event.type == "content_block_stop"]
        self.assertEqual([block.input for block in stopped if block.type == "tool_use"], list(inputs.values()))

    def test_calls_without_arguments(self):
        for arguments in ("empty", "none"):
            behaviour = f"mock:tool-calls=1,arguments={arguments}"
            for message in (self.ask(behaviour, tools=[WEATHER]), self.final(behaviour, tools=[WEATHER])):
                self.assertEqual([block.input for block in of_kind(message, "tool_use")], [{}])

    def test_a_result_goes_back(self):
        for ask in (self.ask, self.final):
            first = ask("mock:tool-calls=1", tools=[WEATHER])
            call = of_kind(first, "tool_use")[0]
            result = {"type": "tool_result", "tool_use_id": call.id, "content": "rain"}
            messages = [*HI, {"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
            answer = self.ask("mock:text=take an umbrella", messages, tools=[WEATHER])
            self.assertEqual((answer.stop_reason, text(answer)), ("end_turn", "take an umbrella"))
            sent = json.dumps(test_anthropic.STAND.requests()[-1]["body"])
            for words in ("old town", NAMED.get(self.group, call.id), '"rain"'):
                self.assertIn(words, sent)

    def test_the_loop_of_tools(self):
        called = []

        @anthropic.beta_tool
        def tool_0(input: str) -> str:
            """The weather.

            Args:
                input: where
            """
            called.append(input)
            return f"rain, {len(called)}"

        asked = self.asked("mock:tool-calls=1,arguments=input,until-told,text=take an umbrella", tools=[tool_0])
        runner = self.client.beta.messages.tool_runner(**asked)
        self.assertEqual([message.stop_reason for message in runner], ["tool_use", "end_turn"])
        for stream in self.client.beta.messages.tool_runner(**asked, stream=True):
            last = stream.get_final_message()
        self.assertEqual((last.stop_reason, text(last)), ("end_turn", "take an umbrella"))
        self.assertEqual(len(called), 2)
        self.assertTrue(called[0])
        self.assertIn("rain, 2", json.dumps(test_anthropic.STAND.requests()[-1]["body"]))


@before(*SAME)
class KeptConversation(SdkTest):
    def test_only_the_last_turn_is_sent_once_the_provider_keeps_the_rest(self):
        thread = self.client.beta.messages.thread(model=self.named("mock:text=one"), max_tokens=64)
        first = thread.send({"role": "user", "content": "hi"})
        thread.send({"role": "user", "content": "and then?"})
        sent = test_anthropic.STAND.requests()[-1]["body"]
        self.assertEqual(sent["thread"], {"type": "continue", "previous_message_id": first.id})
        self.assertEqual(len(sent["messages"]), 1)


@before(*FOREIGN)
class UnkeptConversation(SdkTest):
    def test_it_is_refused_or_sent_whole_as_the_caller_wishes(self):
        with self.assertRaises(anthropic.BadRequestError) as caught:
            self.client.beta.messages.thread(model=self.named("mock"), max_tokens=64).send({"role": "user", "content": "hi"})
        self.assertEqual(caught.exception.body["error"]["details"], {"error_code": "thread_unsupported_request"})
        wish = {"unsupported_request_behavior": "continue_unthreaded"}
        thread = self.client.beta.messages.thread(model=self.named("mock:text=one"), max_tokens=64, **wish)
        thread.send({"role": "user", "content": "hi"})
        self.assertEqual(text(thread.send({"role": "user", "content": "and then?"})), "one")
        sent = json.dumps(test_anthropic.STAND.requests()[-1]["body"])
        self.assertLess(sent.index('"one"'), sent.index("and then?"))


@before("mock", *GROUPS)
class Parsed(SdkTest):
    def test_structured_output(self):
        parsed = self.client.messages.parse(**self.asked(OSLO), output_format=City)
        self.assertEqual(parsed.parsed_output, City(name="Oslo", people=717710))
        with self.client.messages.stream(**self.asked(OSLO), output_format=City) as stream:
            self.assertEqual(stream.get_final_message().parsed_output, City(name="Oslo", people=717710))
        self.assertIn("people", json.dumps(test_anthropic.STAND.requests()[-1]["body"]))


# Not every model of Cohere's thinks; `claude` in the name makes of Bedrock's mock a model that does.
@before("mock", *(group for group in GROUPS if group != "cohere"))
class Thinking(SdkTest):
    def test_thought_comes_before_the_text(self):
        behaviour = "mock:thinking=3,text=claude" if self.group == "bedrock" else "mock:thinking=3"
        whole = self.ask(behaviour, **BUDGET)
        self.assertEqual([block.type for block in whole.content][:2], ["thinking", "text"])
        self.assertEqual(len(whole.content[0].thinking), 3 * 8)
        with self.client.messages.stream(**self.asked(behaviour, **BUDGET)) as stream:
            events = list(stream)
            final = stream.get_final_message()
        self.assertEqual("".join(event.thinking for event in events if event.type == "thinking"), whole.content[0].thinking)
        # a signature of Google's comes last in a stream, behind the text
        signed = ["thinking"] if self.group == "gemini" else []
        self.assertEqual([block.type for block in final.content], [block.type for block in whole.content] + signed)
        self.assertEqual(final.content[0].thinking, whole.content[0].thinking)


@before(*SAME, "bedrock")
class SignedThought(SdkTest):
    def test_signatures_and_redacted_thought_come_and_go_unchanged(self):
        behaviour = "mock:thinking=2,redacted=1,tool-calls=1,prompt-tokens=9"
        whole = self.ask(behaviour, tools=[WEATHER])
        self.assertEqual([block.type for block in whole.content], ["thinking", "redacted_thinking", "tool_use"])
        self.assertTrue(whole.content[0].signature.endswith("=="))
        final = self.final(behaviour, tools=[WEATHER])
        self.assertEqual(comparable(final), comparable(whole))
        result = {"type": "tool_result", "tool_use_id": final.content[2].id, "content": "rain"}
        self.ask("mock", [*HI, {"role": "assistant", "content": final.content}, {"role": "user", "content": [result]}], tools=[WEATHER])
        sent = json.dumps(test_anthropic.STAND.requests()[-1]["body"]["messages"][1]["content"])
        self.assertIn(json.dumps(whole.content[0].signature), sent)
        self.assertIn(json.dumps(whole.content[1].data), sent)


@before("gemini", "turns")
class ForeignThought(SdkTest):
    def test_the_providers_signature_comes_back_to_it(self):
        behaviour = "mock:thinking=2,tool-calls=1"
        for ask in (self.ask, self.final):
            first = ask(behaviour, tools=[WEATHER], **BUDGET)
            signatures = [block.signature or "" for block in of_kind(first, "thinking")] + [block.data for block in of_kind(first, "redacted_thinking")]
            self.assertTrue(any(signatures))
            call = of_kind(first, "tool_use")[0]
            result = {"type": "tool_result", "tool_use_id": call.id, "content": "rain"}
            self.ask("mock", [*HI, {"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}], tools=[WEATHER])
            sent = json.dumps(test_anthropic.STAND.requests()[-1]["body"])
            self.assertIn("thoughtSignature" if self.group == "gemini" else "encrypted_content", sent)
