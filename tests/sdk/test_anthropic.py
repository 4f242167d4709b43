"""Black box: the official Anthropic SDK for Python, as its users would write it.

    python -m unittest discover -s tests/sdk -p test_anthropic.py -v

What it speaks to is chosen by MILLRACE_SDK_ANTHROPIC:

    mock        the mock provider itself (the default): that the mock speaks what the SDK understands
    anthropic   the gateway before a provider of the same protocol
    openai      the gateway before a provider of OpenAI's, so that every answer is translated

Each fault is asked of the mock provider by the model's name, see `millrace mock --help`.
"""

import os
import unittest

import anthropic
import httpx2

from stand import MASTER_KEY, PATIENCE, PROVIDER_KEY, Asking, Stand, wait_until

HI = [{"role": "user", "content": "hi"}]
WEATHER = {"name": "tool_0", "description": "the weather", "input_schema": {"type": "object", "properties": {}}}

# What the locked SDK sends as anthropic-version. Since this version sampling has no parameters.
VERSION = "2026-10-21"

MODE = os.environ.get("MILLRACE_SDK_ANTHROPIC", "mock")
GATEWAY = MODE != "mock"
FOREIGN = MODE == "openai"

# LiteLLM's addresses end in /v1 with OpenAI's protocol and before it with Anthropic's.
CONFIG = """
model_list:
  - model_name: "mock*"
    litellm_params: &mock
      model: "MODE/mock*"
      api_base: "BASE"
      api_key: {provider_key}
  - model_name: mock
    litellm_params: {{<<: *mock, model: MODE/mock}}
router_settings:
  num_retries: 0
  disable_cooldowns: true
"""

STAND: Stand


def setUpModule():
    global STAND
    base = {"mock": None, "anthropic": "{root}", "openai": "{provider}"}[MODE]
    STAND = Stand(CONFIG.replace("MODE", MODE).replace("BASE", base) if GATEWAY else None)


def tearDownModule():
    STAND.stop()


def client(kind=anthropic.Anthropic, **options):
    """A client with the master key and no retries of its own, so that what it tells is what it was told."""
    # trust_env=False, below: a proxy of the machine's environment must not come between the tests and loopback
    http = httpx2.AsyncClient if issubclass(kind, anthropic.AsyncAnthropic) else httpx2.Client
    options = {"api_key": MASTER_KEY, "base_url": STAND.url} | options
    return kind(max_retries=0, timeout=PATIENCE, http_client=http(trust_env=False), **options)


def text(message):
    return "".join(block.text for block in message.content if block.type == "text")


def comparable(message):
    """What a whole answer and a streamed one have in common: all but their ids, and what only one of them tells."""
    blocks = [block.to_dict() | {"id": None} for block in message.content]
    for block in blocks:
        block.pop("parsed_output", None)
        if block.get("citations") is None:
            block.pop("citations", None)
    usage = message.usage
    tokens = (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens)
    return message.model, message.role, blocks, message.stop_reason, message.stop_sequence, tokens


class SdkTest(Asking):
    """A client for each test, closed after it."""

    def setUp(self):
        self.client = client()
        self.addCleanup(self.client.close)

    def ask(self, model="mock", messages=HI, **more):
        return self.client.messages.create(**{"model": model, "messages": messages, "max_tokens": 64} | more)

    def final(self, model, **more):
        """The message that the SDK's own helper puts together."""
        with self.client.messages.stream(**{"model": model, "messages": HI, "max_tokens": 64} | more) as stream:
            return stream.get_final_message()


class Answers(SdkTest):
    def test_whole_answer(self):
        model = "mock:prompt-tokens=12,completion-tokens=5,text=forty two"
        answer = self.ask(model)
        self.assertEqual((answer.type, answer.role, answer.model), ("message", "assistant", model))
        self.assertEqual([block.type for block in answer.content], ["text"])
        self.assertEqual((text(answer), answer.stop_reason, answer.stop_sequence), ("forty two", "end_turn", None))
        self.assertEqual((answer.usage.input_tokens, answer.usage.output_tokens), (12, 5))
        self.assertTrue(answer.id)
        self.assertIsNotNone(answer._request_id)

    def test_what_a_cache_holds_is_beside_the_input(self):
        usage = self.ask("mock:prompt-tokens=12,cached-tokens=4").usage
        # OpenAI counts it within the prompt's tokens
        self.assertEqual((usage.input_tokens, usage.cache_read_input_tokens), (8 if FOREIGN else 12, 4))

    @unittest.skipIf(FOREIGN, "OpenAI's protocol does not tell it")
    def test_what_was_written_to_a_cache(self):
        usage = self.ask("mock:cache-write-tokens=7,cache-write-1h-tokens=2").usage
        self.assertEqual(usage.cache_creation_input_tokens, 7)
        self.assertEqual(usage.cache_creation.ephemeral_5m_input_tokens, 5)
        self.assertEqual(usage.cache_creation.ephemeral_1h_input_tokens, 2)

    def test_reasons_to_stop(self):
        self.assertEqual(self.ask("mock:stop=length").stop_reason, "max_tokens")
        self.assertEqual(self.final("mock:stop=length").stop_reason, "max_tokens")

    @unittest.skipIf(FOREIGN, "OpenAI's protocol has no such reasons")
    def test_reasons_that_only_this_protocol_has(self):
        for ask in (self.ask, self.final):
            message = ask("mock:stop=sequence", stop_sequences=["END"])
            self.assertEqual((message.stop_reason, message.stop_sequence), ("stop_sequence", "END"))
            self.assertEqual(ask("mock:stop=pause").stop_reason, "pause_turn")
            refused = ask("mock:stop=refusal,text=no")
            self.assertEqual((refused.stop_reason, refused.stop_details.type, text(refused)), ("refusal", "refusal", "no"))

    def test_long_answer_outside_ascii_arrives_as_sent(self):
        model = "mock:alphabet=emoji,chunks=4000,chunk-bytes=37"
        whole = text(self.ask(model))
        self.assertGreater(len(whole.encode()), 80_000)
        self.assertTrue(text(self.final(model)) == whole)  # assertEqual would print both

    @unittest.skipIf(FOREIGN, "translated, they are the gateway's to keep or to drop")
    def test_parameters_that_the_callers_version_has_not(self):
        error = self.fails(anthropic.BadRequestError, extra_body={"temperature": 1.0})
        self.assertIn("temperature", error.body["error"]["message"])
        older = {"anthropic-version": "2023-06-01"}
        self.assertEqual(self.ask(extra_body={"temperature": 1.0}, extra_headers=older).stop_reason, "end_turn")

    def test_tokens_are_counted(self):
        def count(words):
            messages = [{"role": "user", "content": "a word " * words}]
            return self.client.messages.count_tokens(model="mock", messages=messages).input_tokens

        # before a provider without such a resource the gateway counts itself
        self.assertGreater(count(1), 0)
        self.assertGreater(count(500), count(1) + 300)


class Streams(SdkTest):
    def test_raw_events(self):
        events = list(self.ask("mock:chunks=3", stream=True))
        kinds = [event.type for event in events]
        delta = "content_block_delta"
        around = ["message_start", "content_block_start"], ["content_block_stop", "message_delta", "message_stop"]
        self.assertEqual(kinds, around[0] + [delta] * 3 + around[1])
        self.assertEqual(events[0].message.content, [])
        self.assertEqual(events[-2].usage.output_tokens, 3)

    def test_the_helper_gives_text_and_the_whole_message(self):
        model = "mock:chunks=7,prompt-tokens=12,cached-tokens=4"
        with self.client.messages.stream(model=model, messages=HI, max_tokens=64) as stream:
            pieces = list(stream.text_stream)
            final = stream.get_final_message()
        whole = self.ask(model)
        self.assertEqual((len(pieces), "".join(pieces)), (7, text(whole)))
        self.assertEqual(comparable(final), comparable(whole))

    def test_the_helpers_events(self):
        with self.client.messages.stream(model="mock:chunks=2", messages=HI, max_tokens=64) as stream:
            events = list(stream)
        self.assertEqual([event.snapshot for event in events if event.type == "text"], ["river st", "river stone wheel"[:16]])
        self.assertEqual(events[-1].type, "message_stop")

    def test_every_spelling_of_an_event_stream(self):
        plain = comparable(self.ask("mock:prompt-tokens=9"))[2:]
        for spelling in ("eol=crlf", "eol=cr", "comments", "no-space", "multiline", "unknown-fields", "slice=1", "pings", "gap=1ms"):
            with self.subTest(spelling):
                self.assertEqual(comparable(self.final(f"mock:prompt-tokens=9,{spelling}"))[2:], plain)

    def test_usage_wherever_it_stands(self):
        for place in ("asked", "final", "every", "finish"):
            with self.subTest(place):
                usage = self.final(f"mock:usage={place},prompt-tokens=12,completion-tokens=5").usage
                self.assertEqual((usage.input_tokens, usage.output_tokens), (12, 5))

    def test_leaving_a_stream_ends_the_providers_too(self):
        before = STAND.stats()["streams_cancelled"]
        with self.ask("mock:chunks=5000,gap=10ms", stream=True) as stream:
            self.assertEqual(next(iter(stream)).type, "message_start")
        wait_until(lambda: STAND.stats()["streams_cancelled"] == before + 1, "the provider's stream to end")


class Tools(SdkTest):
    def test_parallel_calls_streamed_and_whole(self):
        model = "mock:tool-calls=2,chunk-bytes=3,text-too,prompt-tokens=9"
        whole = self.ask(model, tools=[WEATHER])
        self.assertEqual([block.type for block in whole.content], ["text", "tool_use", "tool_use"])
        self.assertEqual([block.name for block in whole.content[1:]], ["tool_0", "tool_1"])
        self.assertEqual(whole.content[2].input["city"], 'Zürich "old town"')
        self.assertEqual(whole.stop_reason, "tool_use")
        self.assertEqual(len({block.id for block in whole.content[1:]}), 2)
        self.assertEqual(comparable(self.final(model, tools=[WEATHER])), comparable(whole))

    def test_calls_without_arguments(self):
        for arguments in ("empty", "none"):
            model = f"mock:tool-calls=1,arguments={arguments}"
            for message in (self.ask(model, tools=[WEATHER]), self.final(model, tools=[WEATHER])):
                self.assertEqual([block.input for block in message.content], [{}])

    def test_a_result_goes_back(self):
        first = self.ask("mock:tool-calls=1", tools=[WEATHER])
        call = first.content[0]
        result = {"type": "tool_result", "tool_use_id": call.id, "content": "rain"}
        messages = [*HI, {"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
        self.assertEqual(self.ask("mock:text=take an umbrella", messages, tools=[WEATHER]).stop_reason, "end_turn")
        sent = STAND.requests()[-1]["body"]["messages"]
        if FOREIGN:
            self.assertEqual(sent[1]["tool_calls"][0]["id"], call.id)
            self.assertEqual((sent[2]["role"], sent[2]["tool_call_id"]), ("tool", call.id))
        else:
            self.assertEqual(sent[1]["content"][0]["input"], call.input)
            self.assertEqual(sent[2]["content"], [result])


class Thinking(SdkTest):
    def test_thought_comes_before_the_text(self):
        model = "mock:thinking=3"
        # the budget counts within max_tokens
        budget = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2048}
        whole = self.ask(model, **budget)
        self.assertEqual([block.type for block in whole.content], ["thinking", "text"])
        self.assertEqual(len(whole.content[0].thinking), 3 * 8)
        final = self.final(model, **budget)
        self.assertEqual(final.content[0].thinking, whole.content[0].thinking)

    @unittest.skipIf(FOREIGN, "OpenAI's protocol has neither signature nor redacted thought")
    def test_signatures_and_redacted_thought_come_and_go_unchanged(self):
        model = "mock:thinking=2,redacted=1,tool-calls=1,prompt-tokens=9"
        whole = self.ask(model, tools=[WEATHER])
        self.assertEqual([block.type for block in whole.content], ["thinking", "redacted_thinking", "tool_use"])
        self.assertTrue(whole.content[0].signature.endswith("=="))
        final = self.final(model, tools=[WEATHER])
        self.assertEqual(comparable(final), comparable(whole))
        result = {"type": "tool_result", "tool_use_id": final.content[2].id, "content": "rain"}
        self.ask("mock", [*HI, {"role": "assistant", "content": final.content}, {"role": "user", "content": [result]}])
        sent = STAND.requests()[-1]["body"]["messages"][1]["content"]
        self.assertEqual(sent[0]["signature"], whole.content[0].signature)
        self.assertEqual(sent[1]["data"], whole.content[1].data)


class Errors(SdkTest):
    def test_each_status_has_its_class(self):
        for model, kind in (
            ("mock-400", anthropic.BadRequestError),
            ("mock-403", anthropic.PermissionDeniedError),
            ("mock-429", anthropic.RateLimitError),
            ("mock-500", anthropic.InternalServerError),
            ("mock-529", anthropic.OverloadedError),
        ):
            for more in ({}, {"stream": True}):
                with self.subTest(model, **more):
                    error = self.fails(kind, model, **more)
                    self.assertEqual(error.body["type"], "error")
                    self.assertTrue(error.body["error"]["type"].endswith("_error"), error.body)
                    self.assertTrue(error.body["error"]["message"])

    def test_a_rate_limit_says_when(self):
        error = self.fails(anthropic.RateLimitError, "mock:429,retry-after=7")
        self.assertEqual((error.response.headers["retry-after"], error.body["error"]["type"]), ("7", "rate_limit_error"))

    def test_bad_key(self):
        model = "mock" if GATEWAY else "mock:key=sk-another"
        with client(api_key="sk-not-the-key-0123456789") as stranger, self.assertRaises(anthropic.AuthenticationError) as caught:
            stranger.messages.create(model=model, messages=HI, max_tokens=1)
        self.assertEqual(caught.exception.body["error"]["type"], "authentication_error")
        self.assertNotIn("sk-not-the-key", str(caught.exception))

    def test_the_key_may_come_in_either_header(self):
        model = "mock" if GATEWAY else f"mock:key={MASTER_KEY}"
        for name, value in (("x-api-key", MASTER_KEY), ("Authorization", f"Bearer {MASTER_KEY}")):
            with self.subTest(name):
                left_out = {"Authorization": anthropic.Omit(), "X-Api-Key": anthropic.Omit()}
                answer = self.ask(model, extra_headers=left_out | {name: value})
                self.assertEqual(answer.model, model)

    def test_a_required_field_is_missing(self):
        with self.assertRaises(anthropic.BadRequestError) as caught:
            self.client.post("/v1/messages", body={"model": "mock", "messages": HI}, cast_to=object)
        self.assertEqual(caught.exception.body["error"]["type"], "invalid_request_error")
        self.assertIn("max_tokens", caught.exception.body["error"]["message"])

    def test_an_error_within_a_stream(self):
        words = ""
        with self.assertRaises(anthropic.APIStatusError) as caught:
            for event in self.ask("mock:fault=error-event:6,gap=5ms", stream=True):
                if event.type == "content_block_delta":
                    words += event.delta.text
        self.assertNotEqual(words, "")
        error = caught.exception.body["error"]
        self.assertIn(error["type"], ("api_error", "overloaded_error"))
        self.assertTrue(error["message"])

    def test_a_stream_cut_short_is_not_complete(self):
        for fault in ("cut:6", "mid-chunk:6", "cut:6,how=rst"):
            kinds = (anthropic.APIStatusError,) if GATEWAY else (anthropic.APIError, httpx2.HTTPError)
            with self.subTest(fault), self.assertRaises(kinds):
                self.final(f"mock:fault={fault},gap=5ms")


@unittest.skipUnless(GATEWAY, "the gateway's doing")
class Gateway(SdkTest):
    def test_what_the_provider_is_sent(self):
        self.ask("mock", system="be brief", stop_sequences=["END"])
        sent = STAND.requests()[-1]
        self.assertNotIn(MASTER_KEY, str(sent))
        if FOREIGN:
            self.assertEqual(sent["headers"]["authorization"], f"Bearer {PROVIDER_KEY}")
            self.assertEqual(sent["body"]["messages"][0], {"role": "system", "content": "be brief"})
        else:
            self.assertEqual(sent["headers"]["x-api-key"], PROVIDER_KEY)
            self.assertIn(sent["headers"]["anthropic-version"], ("2023-06-01", VERSION))
            self.assertNotIn("authorization", sent["headers"])
            self.assertEqual(sent["body"]["system"], "be brief")
        self.assertEqual(sent["body"]["stop" if FOREIGN else "stop_sequences"], "END" if FOREIGN else ["END"])

    def test_an_unknown_model(self):
        error = self.fails(anthropic.NotFoundError, "claude-9")
        self.assertEqual(error.body["error"]["type"], "not_found_error")
        self.assertIsNotNone(error.request_id)


class Async(unittest.IsolatedAsyncioTestCase):
    async def test_whole_and_streamed(self):
        asked = client(anthropic.AsyncAnthropic)
        self.addAsyncCleanup(asked.close)
        ask = {"model": "mock:prompt-tokens=9", "messages": HI, "max_tokens": 64}
        answer = await asked.messages.create(**ask)
        async with asked.messages.stream(**ask) as stream:
            final = await stream.get_final_message()
        self.assertEqual(comparable(final), comparable(answer))


if __name__ == "__main__":
    unittest.main()
