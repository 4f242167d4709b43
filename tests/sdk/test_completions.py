"""Black box: `client.completions` of the official OpenAI SDK for Python against the gateway, before a provider that has text
completions and before those that only chat.

    python -m unittest discover -s tests/sdk -p test_completions.py -v
"""

import asyncio
import json

import openai

import clients
from stand import EVERY_GROUP, Stand, before

# Who only chats.
OTHERS = ("chat", "turns", "claude", "gemini", "bedrock", "cohere", "ollama")

STAND = Stand(EVERY_GROUP)
setUpModule, tearDownModule = STAND.start, STAND.stop


class SdkTest:
    """A client for each test, closed after it; `group` says before which provider."""

    group = ""

    def setUp(self):
        self.client = clients.of_openai(STAND)
        self.addCleanup(self.client.close)

    def ask(self, behaviour, prompt="Say", **more):
        return self.client.completions.create(model=f"{self.group}/{behaviour}", prompt=prompt, **more)


@before("own", *OTHERS)
class Texts(SdkTest):
    def test_whole(self):
        model = "mock:prompt-tokens=12,completion-tokens=5,text=forty two"
        answer = self.ask(model, max_tokens=16)
        self.assertEqual((answer.object, answer.model), ("text_completion", f"{self.group}/{model}"))
        self.assertEqual((answer.choices[0].text, answer.choices[0].finish_reason), ("forty two", "stop"))
        self.assertEqual((answer.usage.prompt_tokens, answer.usage.completion_tokens), (12, 5))
        self.assertEqual(self.ask("mock:chunks=3,stop=length").choices[0].finish_reason, "length")

    def test_stream(self):
        model = "mock:alphabet=mixed,chunks=20"
        pieces = list(self.ask(model, stream=True))
        self.assertEqual({piece.object for piece in pieces}, {"text_completion"})
        self.assertEqual("".join(piece.choices[0].text for piece in pieces), self.ask(model).choices[0].text)
        self.assertEqual([piece.choices[0].finish_reason for piece in pieces if piece.choices[0].finish_reason], ["stop"])
        self.assertFalse(any(piece.usage for piece in pieces))
        counted = list(self.ask(model, stream=True, stream_options={"include_usage": True}))
        self.assertEqual(counted[-1].choices, [])
        self.assertGreater(counted[-1].usage.total_tokens, 0)

    def test_asynchronously(self):
        async def read():
            async with clients.of_openai(STAND, openai.AsyncOpenAI) as client:
                asked = {"model": f"{self.group}/mock:chunks=4", "prompt": "Say"}
                whole = await client.completions.create(**asked)
                pieces = [piece async for piece in await client.completions.create(**asked, stream=True)]
                return whole.choices[0].text, "".join(piece.choices[0].text for piece in pieces)

        whole, streamed = asyncio.run(read())
        self.assertEqual((len(whole), streamed), (32, whole))

    def test_errors(self):
        for more in ({}, {"stream": True}):
            self.fails(openai.BadRequestError, "mock:status:400", **more)
            self.fails(openai.RateLimitError, "mock:status:429", **more)
            self.fails(openai.InternalServerError, "mock:status:500", **more)

    def test_a_stream_that_breaks_does_not_look_complete(self):
        for fault in ("cut:6", "mid-chunk:6", "error-event:6"):
            text = ""
            with self.subTest(fault), self.assertRaises(openai.APIError) as caught:
                for piece in self.ask(f"mock:chunks=9,fault={fault},gap=5ms", stream=True):
                    text += piece.choices[0].text
            # an event of the stream, not a broken connection
            self.assertIs(type(caught.exception), openai.APIError)
            self.assertNotEqual(text, "")


@before("own")
class Prompts(SdkTest):
    def test_several_prompts_pass(self):
        self.ask("mock", ["a", "b"])
        self.assertIn('["a", "b"]', json.dumps(STAND.requests()[-1]))


@before(*OTHERS)
class Prompted(SdkTest):
    def test_a_prompt_is_told_once_more(self):
        self.assertEqual(self.ask("mock:text=it is so", "Säg: ", echo=True).choices[0].text, "Säg: it is so")
        pieces = self.ask("mock:text=it is so", "Säg: ", echo=True, stream=True)
        self.assertEqual("".join(piece.choices[0].text for piece in pieces), "Säg: it is so")

    def test_what_no_chat_does_is_refused(self):
        self.assertEqual(self.fails(openai.BadRequestError, "mock", ["a", "b"]).param, "prompt")
        self.assertEqual(self.fails(openai.BadRequestError, "mock", suffix="end").param, "suffix")
