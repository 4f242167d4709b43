"""Black box: the official OpenAI SDK for Python against the gateway, as its users would write it: what the gateway does
whoever the provider is. Chats before each provider are in test_chat.py.

    python -m unittest discover -s tests/sdk -v

Each fault is asked of the mock provider by the model's name, see `millrace mock --help`.
"""

import asyncio
import unittest
from decimal import Decimal

import openai

import clients
from stand import MASTER_KEY, PATIENCE, PROVIDER_KEY, Asking, Stand, fetch, wait_until

HI = [{"role": "user", "content": "hi"}]

STAND = Stand()
setUpModule, tearDownModule = STAND.start, STAND.stop


class SdkTest(Asking):
    """A client for each test, closed after it."""

    def setUp(self):
        self.client = clients.of_openai(STAND)
        self.addCleanup(self.client.close)

    def ask(self, model="plain", messages=HI, **more):
        return self.client.chat.completions.create(model=model, messages=messages, **more)


class Answers(SdkTest):
    def test_the_alias_is_shown_and_not_the_providers_name(self):
        self.assertEqual(self.ask("plain").model, "plain")
        names = {chunk.model for chunk in self.ask("plain", stream=True)}
        self.assertEqual(names, {"plain"})

    def test_choices(self):
        answer = self.ask("plain", n=2)
        self.assertEqual([choice.index for choice in answer.choices], [0, 1])
        texts = {0: "", 1: ""}
        for chunk in self.ask("plain", n=2, stream=True):
            for choice in chunk.choices:
                texts[choice.index] += choice.delta.content or ""
        self.assertEqual([choice.message.content for choice in answer.choices], [texts[0], texts[1]])

    def test_long_answer_outside_ascii_arrives_as_sent(self):
        for escape in ("utf8", "ascii", "lone"):
            model = f"mock:alphabet=emoji,chunks=4000,chunk-bytes=37,escape={escape}"
            whole = self.ask(model).choices[0].message.content
            self.assertGreater(len(whole.encode()), 80_000)
            streamed = "".join(chunk.choices[0].delta.content or "" for chunk in self.ask(model, stream=True))
            # `lone` cuts characters into surrogates, half in one event, half in the next: only joined are they one again
            joined = streamed.encode("utf-16", "surrogatepass").decode("utf-16")
            self.assertTrue(joined == whole, escape)  # assertEqual would print both

    def test_long_prompt(self):
        long = "🌊 Wörter, \"quoted\" \\ and\nbroken. " * 20_000
        answer = self.ask("mock:prompt-tokens=auto", [{"role": "user", "content": long}])
        # the mock counts a quarter of the body's bytes: all of it arrived
        self.assertGreater(answer.usage.prompt_tokens, len(long.encode()) // 4 - 1)

    def test_embeddings(self):
        # the SDK asks for base64 unless told otherwise, and decodes it itself
        coded = self.client.embeddings.create(model="plain", input=["a", "b"], dimensions=8)
        plain = self.client.embeddings.create(model="plain", input=["a", "b"], dimensions=8, encoding_format="float")
        self.assertEqual([len(row.embedding) for row in coded.data], [8, 8])
        for ours, theirs in zip(coded.data, plain.data, strict=True):
            for a, b in zip(ours.embedding, theirs.embedding, strict=True):
                self.assertAlmostEqual(a, b, places=5)

    def test_models(self):
        listed = [model.id for model in self.client.models.list()]
        self.assertEqual(listed, ["down", "mock*", "plain", "saved"])
        self.assertEqual(self.client.models.retrieve("plain").id, "plain")
        self.assertEqual(self.client.models.retrieve("mock-anything").id, "mock-anything")
        with self.assertRaises(openai.NotFoundError):
            self.client.models.retrieve("gpt-9")

    def test_azures_client(self):
        azure = clients.of_openai(STAND, openai.AzureOpenAI, azure_endpoint=STAND.url, api_version="2024-10-21")
        with azure:
            answer = azure.chat.completions.create(model="plain", messages=HI)
        self.assertEqual(answer.model, "plain")


class Streams(SdkTest):
    def test_every_spelling_of_an_event_stream(self):
        plain = "".join(c.choices[0].delta.content or "" for c in self.ask("plain", stream=True))
        for spelling in ("eol=crlf", "eol=cr", "bom", "comments", "no-space", "multiline", "unknown-fields", "slice=1", "shape=json"):
            with self.subTest(spelling):
                chunks = self.ask(f"mock:{spelling}", stream=True)
                self.assertEqual("".join(c.choices[0].delta.content or "" for c in chunks), plain)

    def test_leaving_before_the_answer_ends_the_providers_call_too(self):
        before = STAND.stats()["answers_cancelled"]
        with self.assertRaises(openai.APITimeoutError):
            self.client.with_options(timeout=1.0).chat.completions.create(model="mock:delay=60s", messages=HI)
        wait_until(lambda: STAND.stats()["answers_cancelled"] == before + 1, "the provider's call to end")


class BrokenStreams(SdkTest):
    def broken(self, model):
        """The text that came, and the error that ended the stream."""
        text = ""
        with self.assertRaises(openai.APIError) as caught:
            for chunk in self.ask(model, stream=True):
                text += chunk.choices[0].delta.content or ""
        # an error event, not a broken connection and not a status
        self.assertIs(type(caught.exception), openai.APIError)
        return text, caught.exception

    def test_truncated(self):
        for fault in ("cut:4", "mid-chunk:4", "cut:4,how=rst"):
            with self.subTest(fault):
                text, error = self.broken(f"mock:fault={fault},gap=5ms")
                self.assertNotEqual(text, "")
                self.assertEqual((error.type, error.code), ("upstream_stream_truncated", "502"))

    def test_without_a_terminal_event_it_is_not_complete(self):
        text, error = self.broken("mock:done=missing,text=all of it")
        self.assertEqual((text, error.type), ("all of it", "upstream_stream_truncated"))

    def test_the_providers_own_error(self):
        _, error = self.broken("mock:fault=error-event:3,code=rate_limit_exceeded,message=slow down")
        self.assertEqual((error.code, error.message), ("rate_limit_exceeded", "slow down"))

    def test_stalled(self):
        text, error = self.broken("mock:fault=stall:3")
        self.assertNotEqual(text, "")
        self.assertEqual(error.type, "timeout_error")

    def test_an_error_before_the_first_event_keeps_its_status(self):
        self.fails(openai.RateLimitError, "mock-429", stream=True)


class Errors(SdkTest):
    def test_bad_key(self):
        for key in ("sk-not-the-key-0123456789", PROVIDER_KEY):
            with clients.of_openai(STAND, api_key=key) as stranger, self.assertRaises(openai.AuthenticationError) as caught:
                stranger.chat.completions.create(model="plain", messages=HI)
            self.assertEqual(caught.exception.code, "invalid_api_key")
            self.assertNotIn(key, str(caught.exception))

    def test_unknown_model(self):
        error = self.fails(openai.NotFoundError, "gpt-9")
        self.assertEqual((error.code, error.param), ("model_not_found", "model"))
        self.assertIn("gpt-9", error.message)
        self.assertIsNotNone(error.request_id)

    def test_bad_requests(self):
        error = self.fails(openai.BadRequestError, extra_body={"api_base": "http://127.0.0.1:9/v1"})
        self.assertEqual((error.type, error.param), ("invalid_request_error", "api_base"))
        error = self.fails(openai.BadRequestError, "mock:400,code=context_length_exceeded,message=too long")
        self.assertEqual((error.code, error.body["message"]), ("context_length_exceeded", "too long"))

    def test_rate_limit(self):
        error = self.fails(openai.RateLimitError, "mock:429,retry-after=7")
        self.assertEqual(error.response.headers["retry-after"], "7")

    def test_the_providers_failures(self):
        for model, status in (("mock-500", 500), ("mock-503", 503), ("mock:529", 529), ("mock-html", 502), ("mock-garbage", 502), ("down", 503)):
            with self.subTest(model):
                self.assertEqual(self.fails(openai.InternalServerError, model).status_code, status)

    def test_a_silent_provider(self):
        error = self.fails(openai.InternalServerError, "mock-hang", stream=True)
        self.assertEqual((error.status_code, error.type), (504, "timeout_error"))

    def test_refused_credentials_are_the_operators_and_not_shown(self):
        error = self.fails(openai.AuthenticationError, "mock-401")
        self.assertIn("operator", error.message)
        self.assertNotIn(PROVIDER_KEY, str(error.body))

    def test_other_statuses(self):
        self.fails(openai.PermissionDeniedError, "mock-403")
        self.fails(openai.ConflictError, "mock-409")
        self.fails(openai.UnprocessableEntityError, "mock-422")

    def test_the_sdk_retries_a_rate_limit(self):
        before = STAND.stats()["faults"].get("status-429", 0)
        with self.assertRaises(openai.RateLimitError):
            self.client.with_options(max_retries=2).chat.completions.create(model="mock:429,retry-after=0", messages=HI)
        self.assertEqual(STAND.stats()["faults"]["status-429"], before + 3)

    def test_no_retry_where_the_money_is_gone(self):
        before = STAND.stats()["faults"].get("status-429", 0)
        with self.assertRaises(openai.RateLimitError) as caught:
            self.client.with_options(max_retries=2).chat.completions.create(model="mock:429,code=insufficient_quota", messages=HI)
        self.assertEqual(caught.exception.code, "insufficient_quota")
        self.assertEqual(STAND.stats()["faults"]["status-429"], before + 1, "x-should-retry: false")


class Headers(SdkTest):
    def raw(self, model, **more):
        return self.client.chat.completions.with_raw_response.create(model=model, messages=HI, **more)

    def test_of_a_whole_answer(self):
        answer = self.raw("mock:prompt-tokens=12,completion-tokens=5")
        headers = answer.headers
        # 12 * 2.5e-06 + 5 * 1.0e-05, exactly
        self.assertEqual(Decimal(headers["x-litellm-response-cost"]), Decimal("0.00008"))
        self.assertEqual(headers["x-litellm-attempted-retries"], "0")
        self.assertEqual(headers["x-litellm-attempted-fallbacks"], "0")
        self.assertEqual(headers["x-litellm-model-api-base"], STAND.provider)
        for name in ("x-litellm-call-id", "x-litellm-model-id", "x-litellm-version", "x-request-id"):
            self.assertIn(name, headers)
        self.assertGreaterEqual(float(headers["x-litellm-response-duration-ms"]), float(headers["x-litellm-overhead-duration-ms"]))
        self.assertEqual(answer.parse().object, "chat.completion")

    def test_of_a_stream(self):
        answer = self.raw("plain", stream=True)
        self.assertTrue(answer.headers["content-type"].startswith("text/event-stream"))
        self.assertIn("x-litellm-call-id", answer.headers)
        for _ in answer.parse():
            pass

    def test_ids_of_the_caller_are_kept(self):
        ids = {"x-litellm-call-id": "call-4711", "x-request-id": "req-0815"}
        headers = self.raw("plain", extra_headers=ids).headers
        self.assertEqual({name: headers[name] for name in ids}, ids)

    def test_a_fallback_is_told(self):
        answer = self.raw("saved")
        self.assertEqual(answer.headers["x-litellm-attempted-fallbacks"], "1")
        self.assertEqual(answer.parse().model, "plain")

    def test_the_key_may_come_in_other_headers(self):
        for name in ("x-litellm-api-key", "api-key", "x-api-key"):
            headers = {"Authorization": openai.Omit(), name: MASTER_KEY}
            self.assertEqual(self.ask("plain", extra_headers=headers).model, "plain")


class Async(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.client = clients.of_openai(STAND, openai.AsyncOpenAI)
        self.addAsyncCleanup(self.client.close)

    async def test_whole_and_streamed(self):
        answer = await self.client.chat.completions.create(model="plain", messages=HI)
        text = ""
        async for chunk in await self.client.chat.completions.create(model="plain", messages=HI, stream=True):
            text += chunk.choices[0].delta.content or ""
        self.assertEqual(text, answer.choices[0].message.content)

    async def test_many_at_once_do_not_mix(self):
        async def one(name):
            text = ""
            model = "mock:echo-user,chunk-bytes=3,gap=1ms"
            async for chunk in await self.client.chat.completions.create(model=model, messages=HI, user=name, stream=True):
                text += chunk.choices[0].delta.content or ""
            return text

        names = [f"the user of number {n}" for n in range(40)]
        self.assertEqual(await asyncio.gather(*map(one, names)), names)

    async def test_cancelling_a_task_ends_the_providers_stream(self):
        before = STAND.stats()["streams_cancelled"]
        first = asyncio.Event()

        async def read():
            async for _ in await self.client.chat.completions.create(model="mock:chunks=5000,gap=10ms", messages=HI, stream=True):
                first.set()

        task = asyncio.create_task(read())
        await asyncio.wait_for(first.wait(), PATIENCE)
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        await asyncio.to_thread(wait_until, lambda: STAND.stats()["streams_cancelled"] == before + 1, "the provider's stream to end")


class Operators(unittest.TestCase):
    """Last by name on purpose: what the other tests left in metrics and log."""

    def test_zz_no_secret_in_metrics_or_log(self):
        metrics = fetch(STAND.url + "/metrics", authorization=f"Bearer {MASTER_KEY}")
        self.assertIn("millrace_http_requests_total{", metrics)
        for secret in (MASTER_KEY, PROVIDER_KEY):
            self.assertNotIn(secret, metrics)
            self.assertNotIn(secret, "".join(STAND.log))


if __name__ == "__main__":
    unittest.main()
