"""Black box: the official Anthropic SDK for Python, as its users would write it: before the mock provider itself (that the mock
speaks what the SDK understands), before a provider of the same protocol, and before those of others.

    python -m unittest discover -s tests/sdk -p 'test_anthropic*.py' -v

Each fault is asked of the mock provider by the model's name, see `millrace mock --help`. Tools, thought and the SDK's loop of
tools are in test_anthropic_tools.py.
"""

import asyncio

import anthropic
import httpx2

import clients
from stand import EVERY_GROUP, GROUPS, MASTER_KEY, PROVIDER_KEY, Stand, before, wait_until

HI = [{"role": "user", "content": "hi"}]

# What the locked SDK sends as anthropic-version. Since this version sampling has no parameters.
VERSION = "2026-10-21"

# Who speaks Anthropic's protocol: the mock itself, and behind the gateway. And who counts what a cache held beside the prompt.
SAME = ("mock", "claude")
CACHE_BESIDE = (*SAME, "bedrock")
FOREIGN = tuple(group for group in GROUPS if group != "claude")

STAND = Stand(EVERY_GROUP)
setUpModule, tearDownModule = STAND.start, STAND.stop


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


class SdkTest:
    """A client for each test, closed after it; `group` says before which provider, `mock` that there is no gateway."""

    group = ""

    def setUp(self):
        self.client = self.another()
        self.addCleanup(self.client.close)

    def another(self, kind=anthropic.Anthropic, **options):
        root = STAND.provider.removesuffix("/v1") if self.group == "mock" else STAND.url
        return clients.of_anthropic(STAND, kind, base_url=root, **options)

    def named(self, behaviour):
        return behaviour if self.group == "mock" else f"{self.group}/{behaviour}"

    def asked(self, behaviour, messages=HI, **more):
        return {"model": self.named(behaviour), "messages": messages, "max_tokens": 64} | more

    def ask(self, behaviour="mock", messages=HI, **more):
        return self.client.messages.create(**self.asked(behaviour, messages, **more))

    def final(self, behaviour, **more):
        """The message that the SDK's own helper puts together."""
        with self.client.messages.stream(**self.asked(behaviour, **more)) as stream:
            return stream.get_final_message()


@before("mock", *GROUPS)
class Answers(SdkTest):
    def test_whole_answer(self):
        behaviour = "mock:prompt-tokens=12,completion-tokens=5,text=forty two"
        answer = self.ask(behaviour)
        self.assertEqual((answer.type, answer.role, answer.model), ("message", "assistant", self.named(behaviour)))
        self.assertEqual([block.type for block in answer.content], ["text"])
        self.assertEqual((text(answer), answer.stop_reason, answer.stop_sequence), ("forty two", "end_turn", None))
        self.assertEqual((answer.usage.input_tokens, answer.usage.output_tokens), (12, 5))
        self.assertTrue(answer.id)
        self.assertIsNotNone(answer._request_id)

    def test_what_a_cache_holds_is_beside_the_input(self):
        if self.group == "ollama":
            self.skipTest("its servers do not tell")
        input = 12 if self.group in CACHE_BESIDE else 8
        for ask in (self.ask, self.final):
            usage = ask("mock:prompt-tokens=12,cached-tokens=4").usage
            self.assertEqual((usage.input_tokens, usage.cache_read_input_tokens), (input, 4))

    def test_reasons_to_stop(self):
        for ask in (self.ask, self.final):
            self.assertEqual(ask("mock:stop=length").stop_reason, "max_tokens")
            refused = ask("mock:stop=refusal,text=no")
            self.assertEqual((refused.stop_reason, text(refused)), ("end_turn" if self.group == "ollama" else "refusal", "no"))

    def test_long_answer_outside_ascii_arrives_as_sent(self):
        behaviour = "mock:alphabet=emoji,chunks=4000,chunk-bytes=37"
        whole = text(self.ask(behaviour))
        self.assertGreater(len(whole.encode()), 80_000)
        self.assertTrue(text(self.final(behaviour)) == whole)  # assertEqual would print both

    def test_tokens_are_counted(self):
        def count(words, resource):
            messages = [{"role": "user", "content": "a word " * words}]
            return resource.count_tokens(model=self.named("mock"), messages=messages).input_tokens

        # before a provider without such a resource the gateway counts itself
        for resource in (self.client.messages, self.client.beta.messages):
            self.assertGreater(count(1, resource), 0)
            self.assertGreater(count(500, resource), count(1, resource) + 300)

    def test_asynchronously(self):
        async def read():
            async with self.another(anthropic.AsyncAnthropic) as client:
                asked = self.asked("mock:chunks=4,prompt-tokens=9")
                whole = await client.messages.create(**asked)
                async with client.messages.stream(**asked) as stream:
                    pieces = [piece async for piece in stream.text_stream]
                    return whole, pieces, await stream.get_final_message()

        whole, pieces, final = asyncio.run(read())
        self.assertEqual((len(pieces), "".join(pieces)), (4, text(whole)))
        self.assertEqual(comparable(final), comparable(whole))


@before(*SAME)
class OwnAnswers(SdkTest):
    """What the protocols of others do not tell."""

    def test_what_was_written_to_a_cache(self):
        usage = self.ask("mock:cache-write-tokens=7,cache-write-1h-tokens=2").usage
        self.assertEqual(usage.cache_creation_input_tokens, 7)
        self.assertEqual(usage.cache_creation.ephemeral_5m_input_tokens, 5)
        self.assertEqual(usage.cache_creation.ephemeral_1h_input_tokens, 2)

    def test_reasons_that_only_this_protocol_has(self):
        for ask in (self.ask, self.final):
            message = ask("mock:stop=sequence", stop_sequences=["END"])
            self.assertEqual((message.stop_reason, message.stop_sequence), ("stop_sequence", "END"))
            self.assertEqual(ask("mock:stop=pause").stop_reason, "pause_turn")
            refused = ask("mock:stop=refusal,text=no")
            self.assertEqual((refused.stop_reason, refused.stop_details.type, text(refused)), ("refusal", "refusal", "no"))

    def test_parameters_that_the_callers_version_has_not(self):
        error = self.fails(anthropic.BadRequestError, extra_body={"temperature": 1.0})
        self.assertIn("temperature", error.body["error"]["message"])
        older = {"anthropic-version": "2023-06-01"}
        self.assertEqual(self.ask(extra_body={"temperature": 1.0}, extra_headers=older).stop_reason, "end_turn")


@before("mock", *GROUPS)
class Streams(SdkTest):
    def test_raw_events(self):
        events = list(self.ask("mock:chunks=3,completion-tokens=3", stream=True))
        kinds = [event.type for event in events]
        delta = "content_block_delta"
        around = ["message_start", "content_block_start"], ["content_block_stop", "message_delta", "message_stop"]
        self.assertEqual(kinds, around[0] + [delta] * 3 + around[1])
        self.assertEqual((events[0].message.content, events[0].message.model), ([], self.named("mock:chunks=3,completion-tokens=3")))
        self.assertEqual((events[-2].usage.output_tokens, events[-2].delta.stop_reason), (3, "end_turn"))

    def test_the_helper_gives_text_and_the_whole_message(self):
        behaviour = "mock:chunks=7,prompt-tokens=12,cached-tokens=4"
        with self.client.messages.stream(**self.asked(behaviour)) as stream:
            pieces = list(stream.text_stream)
            final = stream.get_final_message()
        whole = self.ask(behaviour)
        self.assertEqual((len(pieces), "".join(pieces)), (7, text(whole)))
        self.assertEqual(comparable(final), comparable(whole))

    def test_the_helpers_events(self):
        with self.client.messages.stream(**self.asked("mock:chunks=2")) as stream:
            events = list(stream)
        self.assertEqual([event.snapshot for event in events if event.type == "text"], ["river st", "river stone wheel"[:16]])
        self.assertEqual([event.content_block.text for event in events if event.type == "content_block_stop"], ["river stone whee"])
        self.assertEqual(events[-1].type, "message_stop")
        self.assertEqual(text(events[-1].message), "river stone whee")

    def test_leaving_a_stream_ends_the_providers_too(self):
        before = STAND.stats()["streams_cancelled"]
        with self.ask("mock:chunks=5000,gap=10ms", stream=True) as stream:
            self.assertEqual(next(iter(stream)).type, "message_start")
        wait_until(lambda: STAND.stats()["streams_cancelled"] == before + 1, "the provider's stream to end")


@before("mock", "own", "claude")
class Spellings(SdkTest):
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


@before("mock", *GROUPS)
class Errors(SdkTest):
    def test_each_status_has_its_class(self):
        kinds = {
            400: anthropic.BadRequestError,
            403: anthropic.PermissionDeniedError,
            404: anthropic.NotFoundError,
            429: anthropic.RateLimitError,
            500: anthropic.InternalServerError,
            529: anthropic.OverloadedError,
        }

        def look(error):
            self.assertEqual(error.body["type"], "error")
            self.assertTrue(error.body["error"]["type"].endswith("_error"), error.body)
            self.assertTrue(error.body["error"]["message"])

        self.each_status_fails(kinds, look)

    def test_a_rate_limit_says_when(self):
        error = self.fails(anthropic.RateLimitError, "mock:429,retry-after=7")
        self.assertEqual((error.response.headers["retry-after"], error.body["error"]["type"]), ("7", "rate_limit_error"))

    def test_bad_key(self):
        behaviour = "mock:key=sk-another" if self.group == "mock" else "mock"
        with self.another(api_key="sk-not-the-key-0123456789") as stranger, self.assertRaises(anthropic.AuthenticationError) as caught:
            stranger.messages.create(**self.asked(behaviour))
        self.assertEqual(caught.exception.body["error"]["type"], "authentication_error")
        self.assertNotIn("sk-not-the-key", str(caught.exception))

    def test_the_key_may_come_in_either_header(self):
        behaviour = f"mock:key={MASTER_KEY}" if self.group == "mock" else "mock"
        for name, value in (("x-api-key", MASTER_KEY), ("Authorization", f"Bearer {MASTER_KEY}")):
            with self.subTest(name):
                left_out = {"Authorization": anthropic.Omit(), "X-Api-Key": anthropic.Omit()}
                answer = self.ask(behaviour, extra_headers=left_out | {name: value})
                self.assertEqual(answer.model, self.named(behaviour))

    def test_a_required_field_is_missing(self):
        with self.assertRaises(anthropic.BadRequestError) as caught:
            self.client.post("/v1/messages", body={"model": self.named("mock"), "messages": HI}, cast_to=object)
        self.assertEqual(caught.exception.body["error"]["type"], "invalid_request_error")
        self.assertIn("max_tokens", caught.exception.body["error"]["message"])

    def test_an_error_within_a_stream(self):
        words = ""
        with self.assertRaises(anthropic.APIStatusError) as caught:
            for event in self.ask("mock:fault=error-event:6,message=slow down,gap=5ms", stream=True):
                if event.type == "content_block_delta":
                    words += event.delta.text
        self.assertNotEqual(words, "")
        error = caught.exception.body["error"]
        # the mock's own word for it, where the provider names the kind: Bedrock's is a throttling
        self.assertIn(error["type"], ("rate_limit_error",) if self.group == "bedrock" else ("api_error", "overloaded_error"))
        self.assertIn("slow down", error["message"])

    def test_a_stream_cut_short_is_not_complete(self):
        for fault in ("cut:6", "mid-chunk:6", "cut:6,how=rst"):
            kinds = (anthropic.APIError, httpx2.HTTPError) if self.group == "mock" else (anthropic.APIStatusError,)
            with self.subTest(fault), self.assertRaises(kinds):
                self.final(f"mock:fault={fault},gap=5ms")


@before(*GROUPS)
class Gateway(SdkTest):
    def test_an_unknown_model(self):
        with self.assertRaises(anthropic.NotFoundError) as caught:
            self.client.messages.create(model="claude-9", messages=HI, max_tokens=1)
        self.assertEqual(caught.exception.body["error"]["type"], "not_found_error")
        self.assertIsNotNone(caught.exception.request_id)

    def test_no_key_of_the_gateways_goes_out(self):
        self.ask("mock", system="be brief")
        sent = STAND.requests()[-1]
        self.assertNotIn(MASTER_KEY, str(sent))
        self.assertIn("be brief", str(sent["body"]))
        header = {"claude": "x-api-key", "gemini": "x-goog-api-key"}.get(self.group, "authorization")
        self.assertIn(PROVIDER_KEY, sent["headers"][header])


@before("claude")
class SentAsIs(SdkTest):
    def test_what_the_provider_is_sent(self):
        self.ask("mock", system="be brief", stop_sequences=["END"])
        sent = STAND.requests()[-1]
        self.assertEqual(sent["headers"]["x-api-key"], PROVIDER_KEY)
        self.assertIn(sent["headers"]["anthropic-version"], ("2023-06-01", VERSION))
        self.assertNotIn("authorization", sent["headers"])
        self.assertEqual((sent["body"]["system"], sent["body"]["stop_sequences"]), ("be brief", ["END"]))


@before("own")
class SentOtherwise(SdkTest):
    def test_what_the_provider_is_sent(self):
        self.ask("mock", system="be brief", stop_sequences=["END"])
        sent = STAND.requests()[-1]
        self.assertEqual(sent["headers"]["authorization"], f"Bearer {PROVIDER_KEY}")
        self.assertEqual(sent["body"]["messages"][0], {"role": "system", "content": "be brief"})
        self.assertEqual(sent["body"]["stop"], "END")
