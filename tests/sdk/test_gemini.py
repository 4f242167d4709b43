"""Black box: Google's SDK for Python (google-genai), as its users would write it: before the mock provider itself (that the mock
speaks what the SDK understands), before a provider of the same protocol, and before those of others.

    python -m unittest discover -s tests/sdk -p test_gemini.py -v

Each fault is asked of the mock provider by the model's name, see `millrace mock --help`.
"""

import asyncio
import json
import re

from google.genai import errors, types
from pydantic import BaseModel

import clients
from stand import EVERY_GROUP, GROUPS, MASTER_KEY, PROVIDER_KEY, Stand, before, wait_until

# Who speaks Google's protocol: the mock itself, and behind the gateway. And who counts what a cache held beside the prompt.
SAME = ("mock", "gemini")
CACHE_BESIDE = ("claude", "bedrock")

CITY = types.Schema(type="OBJECT", properties={"city": types.Schema(type="STRING")})
WEATHER = types.Tool(function_declarations=[types.FunctionDeclaration(name="tool_0", description="the weather", parameters=CITY)])

STAND = Stand(EVERY_GROUP)
setUpModule, tearDownModule = STAND.start, STAND.stop


class City(BaseModel):
    """One member: a comma would part the mock's behaviour, and %2C is one by the time it has left the path."""

    name: str


OSLO = 'mock:text={"name":"Oslo"},chunk-bytes=5'

# Ends in a text, once the result of its call is in the request.
LOOP = "mock:tool-calls=1,arguments=input,until-told,text=take an umbrella"


class SdkTest:
    """A client for each test, closed after it; `group` says before which provider, `mock` that there is no gateway."""

    group = ""

    def setUp(self):
        self.client = clients.of_google(STAND, root=STAND.provider.removesuffix("/v1") if self.group == "mock" else STAND.url)
        self.addCleanup(self.client.close)

    def named(self, behaviour):
        return behaviour if self.group == "mock" else f"{self.group}/{behaviour}"

    def asked(self, behaviour="mock", contents="hi", **config):
        return {"model": self.named(behaviour), "contents": contents, "config": config or None}

    def ask(self, behaviour="mock", contents="hi", **config):
        return self.client.models.generate_content(**self.asked(behaviour, contents, **config))

    def stream(self, behaviour="mock", contents="hi", **config):
        return self.client.models.generate_content_stream(**self.asked(behaviour, contents, **config))

    def sent(self):
        return json.dumps(STAND.requests()[-1]["body"])

    def asynchronously(self, work):
        """Runs a coroutine that is given the asynchronous client."""

        async def run():
            async with self.client.aio as client:
                return await work(client)

        return asyncio.run(run())


def text(chunks):
    return "".join(chunk.text or "" for chunk in chunks)


@before("mock", *GROUPS)
class Answers(SdkTest):
    def test_whole_answer(self):
        behaviour = "mock:prompt-tokens=12,completion-tokens=5,text=forty two"
        answer = self.ask(behaviour, max_output_tokens=64, system_instruction="be brief")
        self.assertEqual((answer.text, answer.model_version), ("forty two", self.named(behaviour)))
        self.assertEqual(answer.candidates[0].finish_reason, types.FinishReason.STOP)
        usage = answer.usage_metadata
        self.assertEqual((usage.prompt_token_count, usage.candidates_token_count, usage.total_token_count), (12, 5, 17))
        self.assertIn("be brief", self.sent())

    def test_a_stream_says_what_the_whole_answer_says(self):
        for behaviour in ("mock:chunks=5", "mock:chunks=3,alphabet=mixed", "mock:chunks=3,alphabet=emoji,escape=ascii"):
            chunks = list(self.stream(f"{behaviour},prompt-tokens=12,completion-tokens=5"))
            self.assertEqual(text(chunks), self.ask(behaviour).text, behaviour)
            self.assertEqual(len([chunk for chunk in chunks if chunk.text]), 5 if "chunks=5" in behaviour else 3)
            self.assertEqual(chunks[-1].candidates[0].finish_reason, types.FinishReason.STOP)
            self.assertFalse(any(chunk.candidates[0].finish_reason for chunk in chunks[:-1]))
            usage = chunks[-1].usage_metadata
            self.assertEqual((usage.prompt_token_count, usage.candidates_token_count, usage.total_token_count), (12, 5, 17))

    def test_what_a_cache_held_is_within_the_prompt(self):
        if self.group == "ollama":
            self.skipTest("its servers do not tell")
        usage = self.ask("mock:prompt-tokens=12,cached-tokens=4").usage_metadata
        self.assertEqual((usage.prompt_token_count, usage.cached_content_token_count), (16 if self.group in CACHE_BESIDE else 12, 4))

    def test_asynchronously(self):
        async def read(client):
            whole = await client.models.generate_content(**self.asked("mock:chunks=4"))
            chunks = [chunk async for chunk in await client.models.generate_content_stream(**self.asked("mock:chunks=4"))]
            chat = client.chats.create(model=self.named("mock:chunks=4"))
            told = [chunk async for chunk in await chat.send_message_stream("hi")]
            return whole.text, text(chunks), text(told)

        whole, *others = self.asynchronously(read)
        self.assertEqual((len(whole), others), (32, [whole, whole]))

    def test_the_limit_and_the_filter_are_told(self):
        self.assertEqual(self.ask("mock:stop=length").candidates[0].finish_reason, types.FinishReason.MAX_TOKENS)
        self.assertEqual(list(self.stream("mock:stop=length"))[-1].candidates[0].finish_reason, types.FinishReason.MAX_TOKENS)
        filtered = types.FinishReason.STOP if self.group == "ollama" else types.FinishReason.SAFETY
        self.assertEqual(self.ask("mock:stop=filter").candidates[0].finish_reason, filtered)

    def test_structured_output(self):
        shape = {"response_mime_type": "application/json", "response_schema": City}
        self.assertEqual(self.ask(OSLO, **shape).parsed, City(name="Oslo"))
        chunks = list(self.stream(OSLO, **shape))
        self.assertEqual(City.model_validate_json(text(chunks)), City(name="Oslo"))
        self.assertIn('"name"', self.sent())

    def test_leaving_a_stream_ends_the_providers_too(self):
        before = STAND.stats()["streams_cancelled"]
        stream = self.stream("mock:chunks=5000,gap=10ms")
        self.assertTrue(next(stream).candidates)
        stream.close()
        wait_until(lambda: STAND.stats()["streams_cancelled"] == before + 1, "the provider's stream to end")

    def test_tokens_are_counted(self):
        def count(words):
            return self.client.models.count_tokens(model=self.named("mock"), contents="a word " * words).total_tokens

        self.assertGreater(count(1), 0)
        self.assertGreater(count(500), count(1) + 300)


# Not every model of Cohere's thinks; `claude` in the name makes of Bedrock's mock a model that does.
@before("mock", *(group for group in GROUPS if group != "cohere"))
class Thought(SdkTest):
    def test_thought_is_told_apart(self):
        said = "claude" if self.group == "bedrock" else "so"
        asked = {"thinking_config": types.ThinkingConfig(include_thoughts=True, thinking_budget=1024), "max_output_tokens": 2048}

        def apart(answers):
            parts = [part for answer in answers for part in answer.candidates[0].content.parts or []]
            return ["".join(part.text or "" for part in parts if bool(part.thought) is thought) for thought in (True, False)]

        whole = apart([self.ask(f"mock:thinking=2,text={said}", **asked)])
        self.assertEqual((len(whole[0]), whole[1]), (16, said))
        self.assertEqual(apart(self.stream(f"mock:thinking=2,text={said}", **asked)), whole)


@before("mock", *GROUPS)
class Tools(SdkTest):
    def test_calls_whole_and_streamed(self):
        whole = self.ask("mock:tool-calls=2", tools=[WEATHER])
        self.assertEqual([call.name for call in whole.function_calls], ["tool_0", "tool_1"])
        self.assertEqual(whole.function_calls[1].args["city"], 'Zürich "old town"')
        streamed = [call for chunk in self.stream("mock:tool-calls=2", tools=[WEATHER]) for call in chunk.function_calls or []]
        self.assertEqual([(call.name, call.args) for call in streamed], [(call.name, call.args) for call in whole.function_calls])

    def test_calls_without_arguments(self):
        for arguments in ("empty", "none"):
            behaviour = f"mock:tool-calls=1,arguments={arguments}"
            streamed = [call for chunk in self.stream(behaviour, tools=[WEATHER]) for call in chunk.function_calls or []]
            for calls in (self.ask(behaviour, tools=[WEATHER]).function_calls, streamed):
                self.assertEqual([(call.name, call.args or {}) for call in calls], [("tool_0", {})])

    def test_the_chat_helper_keeps_what_was_said(self):
        for streamed in (False, True):
            chat = self.client.chats.create(model=self.named("mock:text=the first word,chunk-bytes=3"))
            told = text(chat.send_message_stream("hi")) if streamed else chat.send_message("hi").text
            self.assertEqual(told, "the first word")
            self.assertEqual([content.role for content in chat.get_history()], ["user", *["model"] * (len(chat.get_history()) - 1)])
            chat.send_message("and then?")
            sent = self.sent()
            self.assertLess(sent.index('"hi"'), sent.index("and then?"))
            # a streamed turn is kept in as many pieces as it came
            said = "".join(re.findall(r'"(?:text|content)": "(.*?)"', sent))
            self.assertIn("the first word", said, f"streamed={streamed}")

    def test_the_chat_helper_keeps_signed_thought(self):
        google, claude, openai = "thoughtSignature", '"signature"', "tool_call_id"
        signed = {"mock": google, "gemini": google, "claude": claude, "bedrock": claude, "turns": "encrypted_content"}
        signed |= {"own": openai, "chat": openai, "cohere": openai, "ollama": "tool_name"}
        for streamed in (False, True):
            chat = self.client.chats.create(model=self.named("mock:thinking=2,tool-calls=1"), config={"tools": [WEATHER]})
            call = None
            if streamed:
                for chunk in chat.send_message_stream("hi"):
                    call = (chunk.function_calls or [call])[0]
            else:
                call = chat.send_message("hi").function_calls[0]
            result = types.Part(function_response=types.FunctionResponse(id=call.id, name=call.name, response={"output": "done"}))
            chat.send_message([result])
            for words in (signed[self.group], "old town", "done"):
                self.assertIn(words, self.sent(), f"streamed={streamed}")

    def test_functions_are_called_automatically(self):
        called = []

        def tool_0(input: str) -> str:
            """The weather."""
            called.append(input)
            return f"rain, {len(called)}"

        answer = self.ask(LOOP, tools=[tool_0])
        self.assertEqual(answer.text, "take an umbrella")
        self.assertEqual([content.role for content in answer.automatic_function_calling_history], ["user", "model", "user"])
        self.assertIn("rain, 1", self.sent())
        self.assertEqual(text(self.stream(LOOP, tools=[tool_0])), "take an umbrella")
        self.assertIn("rain, 2", self.sent())
        chat = self.client.chats.create(model=self.named(LOOP), config={"tools": [tool_0]})
        self.assertEqual(chat.send_message("hi").text, "take an umbrella")
        self.assertIn("rain, 3", self.sent())

        async def read(client):
            return (await client.models.generate_content(**self.asked(LOOP, tools=[tool_0]))).text

        self.assertEqual(self.asynchronously(read), "take an umbrella")
        self.assertEqual(len(called), 4)
        self.assertTrue(all(called))


@before("mock", *GROUPS)
class Errors(SdkTest):
    def test_each_status_has_its_class(self):
        for status, kind, word in (
            (400, errors.ClientError, "INVALID_ARGUMENT"),
            (403, errors.ClientError, "PERMISSION_DENIED"),
            (404, errors.ClientError, "NOT_FOUND"),
            (429, errors.ClientError, "RESOURCE_EXHAUSTED"),
            (500, errors.ServerError, "INTERNAL"),
            (503, errors.ServerError, "UNAVAILABLE"),
        ):
            for ask in (self.ask, lambda behaviour: list(self.stream(behaviour))):
                with self.subTest(status, streamed=ask != self.ask), self.assertRaises(kind) as caught:
                    ask(f"mock:status:{status}")
                self.assertEqual((type(caught.exception), caught.exception.code, caught.exception.status), (kind, status, word))
                self.assertTrue(caught.exception.message)
                self.assertNotIn(PROVIDER_KEY, str(caught.exception))

    def test_a_wrong_key_is_refused(self):
        if self.group == "mock":
            self.skipTest("the gateway's own")
        with clients.of_google(STAND, "sk-wrong") as stranger, self.assertRaises(errors.ClientError) as caught:
            stranger.models.generate_content(**self.asked())
        self.assertEqual((caught.exception.code, caught.exception.status), (401, "UNAUTHENTICATED"))
        self.assertNotIn("sk-wrong", str(caught.exception))
        self.assertNotIn(MASTER_KEY, str(caught.exception))

    def broken(self, behaviour):
        """The text that came, and the error that ended the stream."""
        told = ""
        with self.assertRaises(errors.APIError) as caught:
            for chunk in self.stream(behaviour):
                told += chunk.text or ""
        self.assertNotEqual(told, "")
        return caught.exception

    def test_an_error_within_a_stream(self):
        error = self.broken("mock:chunks=9,fault=error-event:6,message=slow down,gap=5ms")
        self.assertIn("slow down", error.message)
        self.assertTrue(error.status)

    def test_a_stream_cut_short_is_not_complete(self):
        for fault in ("cut:6", "mid-chunk:6", "cut:6,how=rst"):
            with self.subTest(fault):
                if self.group == "mock":
                    with self.assertRaises(Exception):
                        list(self.stream(f"mock:chunks=9,fault={fault},gap=5ms"))
                    continue
                error = self.broken(f"mock:chunks=9,fault={fault},gap=5ms")
                self.assertEqual((error.code, error.status), (502, "UNAVAILABLE"))

    def test_the_chat_helper_does_not_take_a_broken_stream_for_an_answer(self):
        chat = self.client.chats.create(model=self.named("mock:chunks=9,fault=error-event:6,gap=5ms"))
        with self.assertRaises(errors.APIError):
            list(chat.send_message_stream("hi"))
        self.assertEqual(chat.get_history(), [])
