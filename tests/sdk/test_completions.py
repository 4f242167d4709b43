"""Black box: `client.completions` of the official OpenAI SDK for Python against the gateway, before a provider that has text
completions and before those that only chat.

    python -m unittest discover -s tests/sdk -p test_completions.py -v
"""

import json

import httpx2
import openai

from stand import MASTER_KEY, PATIENCE, Asking, Stand

# `own/`: text completions pass as they come. `groq/`: OpenAI's chats only. `claude/`, `gemini/`: other protocols.
CONFIG = """
model_list:
  - model_name: "own/*"
    litellm_params: {{model: "openai/*", api_base: "{provider}", api_key: {provider_key}}}
  - model_name: "groq/*"
    litellm_params: {{model: "groq/*", api_base: "{provider}", api_key: {provider_key}}}
  - model_name: "claude/*"
    litellm_params: {{model: "anthropic/*", api_base: "{root}", api_key: {provider_key}}}
  - model_name: "gemini/*"
    litellm_params: {{model: "gemini/*", api_base: "{root}", api_key: {provider_key}}}
router_settings:
  num_retries: 0
  disable_cooldowns: true
"""

STAND: Stand


def setUpModule():
    global STAND
    STAND = Stand(CONFIG)


def tearDownModule():
    STAND.stop()


class Texts:
    """What holds before every provider; `group` says which."""

    group = ""

    def setUp(self):
        # trust_env=False: a proxy of the machine's environment must not come between the tests and loopback
        http = httpx2.Client(trust_env=False)
        self.client = openai.OpenAI(api_key=MASTER_KEY, base_url=STAND.url + "/v1", max_retries=0, timeout=PATIENCE, http_client=http)
        self.addCleanup(self.client.close)

    def ask(self, behaviour, prompt="Say", **more):
        return self.client.completions.create(model=f"{self.group}/{behaviour}", prompt=prompt, **more)

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

    def test_errors(self):
        self.fails(openai.BadRequestError, "mock:status:400")
        self.fails(openai.RateLimitError, "mock:status:429")
        self.fails(openai.InternalServerError, "mock:status:500", stream=True)

    def test_a_stream_that_breaks_does_not_look_complete(self):
        with self.assertRaises(openai.APIError):
            list(self.ask("mock:chunks=5,cut:4", stream=True))


class BeforeOpenAI(Texts, Asking):
    group = "own"

    def test_several_prompts_pass(self):
        self.ask("mock", ["a", "b"])
        self.assertIn('["a", "b"]', json.dumps(STAND.requests()[-1]))


class BeforeChats(Texts, Asking):
    group = "groq"

    def test_a_prompt_is_told_once_more(self):
        self.assertEqual(self.ask("mock:text=it is so", "Säg: ", echo=True).choices[0].text, "Säg: it is so")
        pieces = self.ask("mock:text=it is so", "Säg: ", echo=True, stream=True)
        self.assertEqual("".join(piece.choices[0].text for piece in pieces), "Säg: it is so")

    def test_what_no_chat_does_is_refused(self):
        self.assertEqual(self.fails(openai.BadRequestError, "mock", ["a", "b"]).param, "prompt")
        self.assertEqual(self.fails(openai.BadRequestError, "mock", suffix="end").param, "suffix")


class BeforeAnthropic(BeforeChats):
    group = "claude"


class BeforeGemini(BeforeChats):
    group = "gemini"
