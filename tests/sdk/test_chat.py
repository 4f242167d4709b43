"""Black box: `client.chat.completions` of the official OpenAI SDK for Python, the same before each provider: one that speaks
as it does, one that has nothing but chats, one that is asked for responses, and those that speak otherwise.

    python -m unittest discover -s tests/sdk -p test_chat.py -v

What the gateway does whoever the provider is (keys, headers, retries, metrics) is in test_openai.py.
"""

import asyncio
import json

import openai
from pydantic import BaseModel

import clients
from stand import EVERY_GROUP, GROUPS, Stand, before, wait_until

HI = [{"role": "user", "content": "hi"}]
WEATHER = {"type": "function", "function": {"name": "tool_0", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}

# What these count within the tokens of the prompt, the others tell beside them.
CACHE_BESIDE = ("claude", "bedrock")

# What these say is passed on as it is.
VERBATIM = ("own", "chat")

STAND = Stand(EVERY_GROUP)
setUpModule, tearDownModule = STAND.start, STAND.stop


class City(BaseModel):
    name: str
    people: int


OSLO = "mock:text=%7B%22name%22:%22Oslo%22%2C%22people%22:717710%7D,chunk-bytes=5"


class SdkTest:
    """A client for each test, closed after it; `group` says before which provider."""

    group = ""

    def setUp(self):
        self.client = clients.of_openai(STAND)
        self.addCleanup(self.client.close)

    def asked(self, behaviour, messages=HI, **more):
        return {"model": f"{self.group}/{behaviour}", "messages": messages} | more

    def ask(self, behaviour="mock", messages=HI, **more):
        return self.client.chat.completions.create(**self.asked(behaviour, messages, **more))

    def final(self, behaviour, **more):
        """The completion that the SDK's own helper puts together."""
        with self.client.chat.completions.stream(**self.asked(behaviour, **more)) as stream:
            return stream.get_final_completion()


def said(chunks):
    return "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)


def calls_of(answer):
    return [(call.function.name, json.loads(call.function.arguments)) for call in answer.choices[0].message.tool_calls]


def arguments_of(answer):
    return [call.function.arguments for call in answer.choices[0].message.tool_calls]


@before(*GROUPS)
class Chats(SdkTest):
    def test_whole(self):
        behaviour = "mock:prompt-tokens=12,completion-tokens=5,text=forty two"
        answer = self.ask(behaviour)
        self.assertEqual((answer.object, answer.model), ("chat.completion", f"{self.group}/{behaviour}"))
        self.assertEqual(len(answer.choices), 1)
        self.assertEqual((answer.choices[0].message.role, answer.choices[0].message.content), ("assistant", "forty two"))
        self.assertEqual(answer.choices[0].finish_reason, "stop")
        self.assertIsNone(answer.choices[0].message.tool_calls)
        self.assertEqual((answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens), (12, 5, 17))

    def test_what_a_cache_held_is_within_the_prompt(self):
        if self.group == "ollama":
            self.skipTest("its servers do not tell")
        usage = self.ask("mock:prompt-tokens=12,cached-tokens=4,completion-tokens=5").usage
        prompt = 16 if self.group in CACHE_BESIDE else 12
        self.assertEqual((usage.prompt_tokens, usage.prompt_tokens_details.cached_tokens, usage.total_tokens), (prompt, 4, prompt + 5))

    def test_stream(self):
        chunks = list(self.ask("mock:chunks=7", stream=True))
        self.assertEqual({chunk.object for chunk in chunks}, {"chat.completion.chunk"})
        self.assertEqual({chunk.model for chunk in chunks}, {f"{self.group}/mock:chunks=7"})
        self.assertEqual(len({chunk.id for chunk in chunks}), 1)
        self.assertEqual(chunks[0].choices[0].delta.role, "assistant")
        self.assertEqual([chunk.choices[0].finish_reason for chunk in chunks if chunk.choices[0].finish_reason], ["stop"])
        self.assertEqual(chunks[-1].choices[0].finish_reason, "stop")
        self.assertEqual(len([chunk for chunk in chunks if chunk.choices[0].delta.content]), 7)
        self.assertEqual(said(chunks), self.ask("mock:chunks=7").choices[0].message.content)
        self.assertTrue(all(chunk.usage is None for chunk in chunks), "nobody asked for usage")

    def test_usage_on_demand(self):
        *chunks, last = self.ask("mock:prompt-tokens=3,completion-tokens=4", stream=True, stream_options={"include_usage": True})
        self.assertEqual(last.choices, [])
        self.assertEqual((last.usage.prompt_tokens, last.usage.completion_tokens, last.usage.total_tokens), (3, 4, 7))
        self.assertTrue(all(chunk.usage is None for chunk in chunks))

    def test_long_text_outside_ascii_arrives_as_sent(self):
        behaviour = "mock:alphabet=emoji,chunks=4000,chunk-bytes=37"
        whole = self.ask(behaviour).choices[0].message.content
        self.assertGreater(len(whole.encode()), 80_000)
        self.assertTrue(said(self.ask(behaviour, stream=True)) == whole)  # assertEqual would print both

    def test_the_limit_is_told(self):
        self.assertEqual(self.ask("mock:stop=length").choices[0].finish_reason, "length")
        with self.assertRaises(openai.LengthFinishReasonError) as caught:
            self.final("mock:stop=length")
        self.assertEqual(caught.exception.completion.choices[0].finish_reason, "length")

    def test_the_helper_for_streams(self):
        behaviour = "mock:chunks=7,prompt-tokens=3,completion-tokens=4"
        asked = self.asked(behaviour, stream_options={"include_usage": True})
        with self.client.chat.completions.stream(**asked) as stream:
            events = list(stream)
            final = stream.get_final_completion()
        deltas = [event.delta for event in events if event.type == "content.delta" and event.delta]
        whole = self.ask(behaviour)
        self.assertEqual(len(deltas), 7)
        self.assertEqual("".join(deltas), whole.choices[0].message.content)
        self.assertEqual([event.snapshot for event in events if event.type == "content.delta"][-1], final.choices[0].message.content)
        self.assertEqual([event.content for event in events if event.type == "content.done"], ["".join(deltas)])
        self.assertEqual(final.choices[0].finish_reason, "stop")
        self.assertEqual((final.usage.prompt_tokens, final.usage.completion_tokens, final.usage.total_tokens), (3, 4, 7))

    def test_thought_is_told_apart(self):
        # LiteLLM's field; OpenAI's own protocol has none. Responses tell it where a summary is asked for.
        asked = {"reasoning_effort": "low"} if self.group == "turns" else {}
        message = self.ask("mock:thinking=2,text=so", **asked).choices[0].message
        self.assertEqual((len(message.reasoning_content), message.content), (16, "so"))
        chunks = list(self.ask("mock:thinking=2,text=so", stream=True, **asked))
        thought = "".join(getattr(choice.delta, "reasoning_content", None) or "" for chunk in chunks for choice in chunk.choices)
        self.assertEqual((thought, said(chunks)), (message.reasoning_content, "so"))

    def test_structured_output(self):
        parsed = self.client.chat.completions.parse(**self.asked(OSLO), response_format=City)
        self.assertEqual(parsed.choices[0].message.parsed, City(name="Oslo", people=717710))
        with self.client.chat.completions.stream(**self.asked(OSLO), response_format=City) as stream:
            done = [event.parsed for event in stream if event.type == "content.done"]
            final = stream.get_final_completion()
        self.assertEqual(done, [City(name="Oslo", people=717710)])
        self.assertEqual(final.choices[0].message.parsed, City(name="Oslo", people=717710))

    def test_asynchronously(self):
        async def read():
            async with clients.of_openai(STAND, openai.AsyncOpenAI) as client:
                whole = await client.chat.completions.create(**self.asked("mock:chunks=4"))
                chunks = [chunk async for chunk in await client.chat.completions.create(**self.asked("mock:chunks=4", stream=True))]
                async with client.chat.completions.stream(**self.asked("mock:chunks=4")) as stream:
                    final = await stream.get_final_completion()
                return whole.choices[0].message.content, said(chunks), final.choices[0].message.content

        whole, *others = asyncio.run(read())
        self.assertEqual(others, [whole, whole])

    def test_leaving_a_stream_ends_the_providers_too(self):
        before = STAND.stats()["streams_cancelled"]
        with self.ask("mock:chunks=5000,gap=10ms", stream=True) as stream:
            self.assertEqual(next(stream).choices[0].delta.role, "assistant")
        wait_until(lambda: STAND.stats()["streams_cancelled"] == before + 1, "the provider's stream to end")


@before(*GROUPS)
class ChatTools(SdkTest):
    def test_streamed_arguments_join_to_the_whole_ones(self):
        behaviour = "mock:tool-calls=2,chunk-bytes=3"
        whole = self.ask(behaviour, tools=[WEATHER])
        self.assertEqual(whole.choices[0].finish_reason, "tool_calls")
        self.assertEqual([name for name, _ in calls_of(whole)], ["tool_0", "tool_1"])
        self.assertEqual(calls_of(whole)[0][1]["city"], 'Zürich "old town"')
        self.assertEqual(len({call.id for call in whole.choices[0].message.tool_calls}), 2)
        calls, finish = {}, []
        for chunk in self.ask(behaviour, tools=[WEATHER], stream=True):
            choice = chunk.choices[0]
            finish += [choice.finish_reason] if choice.finish_reason else []
            for part in choice.delta.tool_calls or []:
                name, arguments = calls.get(part.index, (None, ""))
                calls[part.index] = (part.function.name or name, arguments + (part.function.arguments or ""))
        self.assertEqual(finish, ["tool_calls"])
        self.assertEqual([(name, json.loads(arguments)) for name, arguments in calls.values()], calls_of(whole))
        self.assertEqual(list(calls), [0, 1])
        if self.group in VERBATIM:
            self.assertEqual([arguments for _, arguments in calls.values()], arguments_of(whole))

    def test_the_helper_tells_arguments_as_they_come(self):
        asked = self.asked("mock:tool-calls=2,text-too,chunks=3,chunk-bytes=2", tools=[WEATHER])
        with self.client.chat.completions.stream(**asked) as stream:
            events = list(stream)
            final = stream.get_final_completion()
        whole = self.client.chat.completions.create(**asked)
        self.assertEqual(final.choices[0].message.content, whole.choices[0].message.content)
        self.assertEqual(calls_of(final), calls_of(whole))
        if self.group in VERBATIM:
            self.assertEqual(arguments_of(final), arguments_of(whole))
        joined = {0: "", 1: ""}
        for event in events:
            if event.type == "tool_calls.function.arguments.delta":
                joined[event.index] += event.arguments_delta
        done = [(event.index, event.name, event.arguments) for event in events if event.type == "tool_calls.function.arguments.done"]
        self.assertEqual(done, [(n, f"tool_{n}", joined[n]) for n in (0, 1)])

    def test_calls_without_arguments(self):
        for arguments in ("empty", "none"):
            behaviour = f"mock:tool-calls=1,arguments={arguments}"
            told = "" if arguments == "none" and self.group in VERBATIM else "{}"
            for answer in (self.ask(behaviour, tools=[WEATHER]), self.final(behaviour, tools=[WEATHER])):
                function = answer.choices[0].message.tool_calls[0].function
                self.assertEqual((function.name, function.arguments), ("tool_0", told))

    def test_arguments_are_parsed(self):
        class tool_0(BaseModel):
            input: str

        tool = openai.pydantic_function_tool(tool_0)
        with self.client.chat.completions.stream(**self.asked("mock:tool-calls=1,arguments=input", tools=[tool])) as stream:
            final = stream.get_final_completion()
        function = final.choices[0].message.tool_calls[0].function
        self.assertEqual(function.parsed_arguments, tool_0(input=json.loads(function.arguments)["input"]))
        self.assertTrue(function.parsed_arguments.input)

    def test_a_result_goes_back(self):
        for ask in (self.ask, self.final):
            first = ask("mock:tool-calls=2,thinking=2", tools=[WEATHER]).choices[0].message
            results = [
                {"role": "tool", "tool_call_id": call.id, "content": f"rain in {call.function.name}"} for call in first.tool_calls
            ]
            answer = self.ask("mock:text=take an umbrella", [*HI, first, *results], tools=[WEATHER])
            self.assertEqual(answer.choices[0].message.content, "take an umbrella")
            sent = json.dumps(STAND.requests()[-1]["body"])
            order = [sent.index(words) for words in ("old town", "rain in tool_0", "rain in tool_1")]
            self.assertEqual(order, sorted(order))


@before(*GROUPS)
class ChatErrors(SdkTest):
    def test_each_status_has_its_class(self):
        def look(error):
            self.assertTrue(error.body["message"] and error.type)
            self.assertIsNotNone(error.request_id)

        self.each_status_fails(clients.OPENAI_ERRORS, look)

    def test_a_rate_limit_says_when(self):
        error = self.fails(openai.RateLimitError, "mock:429,retry-after=7")
        self.assertEqual((error.response.headers["retry-after"], error.status_code), ("7", 429))

    def test_an_answer_that_cannot_be_understood(self):
        for behaviour in ("mock:html", "mock:garbage", "mock:empty"):
            with self.subTest(behaviour):
                self.assertEqual(self.fails(openai.InternalServerError, behaviour).status_code, 502)

    def broken(self, behaviour):
        """The text that came, and the error that ended the stream: an event, not a broken connection and not a status."""
        text = ""
        with self.assertRaises(openai.APIError) as caught:
            for chunk in self.ask(behaviour, stream=True):
                text += said([chunk])
        self.assertIs(type(caught.exception), openai.APIError)
        return text, caught.exception

    def test_a_stream_cut_short_is_not_complete(self):
        for fault in ("cut:6", "mid-chunk:6", "cut:6,how=rst"):
            with self.subTest(fault):
                text, error = self.broken(f"mock:fault={fault},gap=5ms")
                self.assertNotEqual(text, "")
                self.assertEqual((error.type, error.code), ("upstream_stream_truncated", "502"))

    def test_an_error_within_a_stream(self):
        text, error = self.broken("mock:fault=error-event:6,message=slow down,gap=5ms")
        self.assertNotEqual(text, "")
        self.assertIn("slow down", error.message)
        self.assertTrue(error.type)

    def test_the_helper_does_not_take_a_broken_stream_for_an_answer(self):
        for fault in ("cut:6", "error-event:6"):
            with self.subTest(fault), self.assertRaises(openai.APIError) as caught:
                self.final(f"mock:fault={fault},gap=5ms")
            self.assertIs(type(caught.exception), openai.APIError)
