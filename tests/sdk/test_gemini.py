"""Black box: Google's SDK for Python (google-genai), as its users would write it.

    python -m unittest discover -s tests/sdk -p test_gemini.py -v

What it speaks to is chosen by MILLRACE_SDK_GEMINI:

    mock        the mock provider itself (the default): that the mock speaks what the SDK understands
    gemini      the gateway before a provider of the same protocol
    openai      the gateway before a provider of OpenAI's, so that every answer is translated
    anthropic   the same with Anthropic's

Each fault is asked of the mock provider by the model's name, see `millrace mock --help`.
"""

import asyncio
import os
import unittest

from google import genai
from google.genai import errors, types

from stand import MASTER_KEY, PATIENCE, PROVIDER_KEY, Asking, Stand

MODE = os.environ.get("MILLRACE_SDK_GEMINI", "mock")
GATEWAY = MODE != "mock"

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
    base = {"mock": None, "gemini": "{root}", "openai": "{provider}", "anthropic": "{root}"}[MODE]
    STAND = Stand(CONFIG.replace("MODE", MODE).replace("BASE", base) if GATEWAY else None)


def tearDownModule():
    STAND.stop()


def client():
    """A client with the master key and no retries of its own, past any proxy of the machine's environment."""
    options = types.HttpOptions(base_url=STAND.url, timeout=int(PATIENCE * 1000), client_args={"trust_env": False}, async_client_args={"trust_env": False})
    return genai.Client(api_key=MASTER_KEY, vertexai=False, http_options=options)


class SdkTest(Asking):
    def setUp(self):
        self.client = client()
        self.addCleanup(self.client.close)

    def ask(self, model="mock", contents="hi", **config):
        return self.client.models.generate_content(model=model, contents=contents, config=config or None)

    def stream(self, model="mock", contents="hi", **config):
        return self.client.models.generate_content_stream(model=model, contents=contents, config=config or None)


class Answers(SdkTest):
    def test_whole_answer(self):
        model = "mock:prompt-tokens=12,completion-tokens=5,text=forty two"
        answer = self.ask(model, max_output_tokens=64)
        self.assertEqual((answer.text, answer.model_version), ("forty two", model))
        self.assertEqual(answer.candidates[0].finish_reason, types.FinishReason.STOP)
        usage = answer.usage_metadata
        self.assertEqual((usage.prompt_token_count, usage.candidates_token_count, usage.total_token_count), (12, 5, 17))

    def test_a_stream_says_what_the_whole_answer_says(self):
        for model in ("mock:chunks=5", "mock:chunks=3,alphabet=mixed", "mock:chunks=3,alphabet=emoji,escape=ascii"):
            chunks = list(self.stream(model))
            self.assertEqual("".join(chunk.text or "" for chunk in chunks), self.ask(model).text, model)
            self.assertEqual(chunks[-1].candidates[0].finish_reason, types.FinishReason.STOP)
            self.assertFalse(any(chunk.candidates[0].finish_reason for chunk in chunks[:-1]))
            self.assertTrue(chunks[-1].usage_metadata.total_token_count)

    def test_an_asynchronous_stream(self):
        async def read():
            stream = await self.client.aio.models.generate_content_stream(model="mock:chunks=4", contents="hi")
            return [chunk.text async for chunk in stream]

        self.assertEqual("".join(filter(None, asyncio.run(read()))), self.ask("mock:chunks=4").text)

    def test_the_limit_and_the_filter_are_told(self):
        self.assertEqual(self.ask("mock:stop=length").candidates[0].finish_reason, types.FinishReason.MAX_TOKENS)
        self.assertEqual(self.ask("mock:stop=filter").candidates[0].finish_reason, types.FinishReason.SAFETY)

    def test_thought_is_told_apart(self):
        parts = self.ask("mock:thinking=2,chunks=2", thinking_config=types.ThinkingConfig(include_thoughts=True)).candidates[0].content.parts
        self.assertTrue(any(part.thought for part in parts) and any(part.text and not part.thought for part in parts))


class Tools(SdkTest):
    def test_calls_whole_and_streamed(self):
        tool = types.Tool(function_declarations=[types.FunctionDeclaration(name="tool_0", description="the weather", parameters=types.Schema(type="OBJECT", properties={"city": types.Schema(type="STRING")}))])
        model = "mock:tool-calls=2"
        whole = self.ask(model, tools=[tool])
        self.assertEqual([call.name for call in whole.function_calls], ["tool_0", "tool_1"])
        streamed = [call for chunk in self.stream(model, tools=[tool]) for call in chunk.function_calls or []]
        self.assertEqual([call.args for call in streamed], [call.args for call in whole.function_calls])

    def test_the_chat_helper_keeps_signed_thought(self):
        for streamed in (False, True):
            chat = self.client.chats.create(model="mock:thinking=2,tool-calls=1")
            call = None
            if streamed:
                for chunk in chat.send_message_stream("hi"):
                    call = (chunk.function_calls or [call])[0]
            else:
                call = chat.send_message("hi").function_calls[0]
            result = types.Part(function_response=types.FunctionResponse(id=call.id, name=call.name, response={"output": "done"}))
            chat.send_message([result])
            sent = STAND.requests()[-1]["body"]
            signed = {"mock": "thoughtSignature", "gemini": "thoughtSignature", "anthropic": '"signature"', "openai": "tool_call_id"}[MODE]
            self.assertIn(signed, sent if isinstance(sent, str) else str(sent).replace("'", '"'), f"streamed={streamed}")


class Counting(SdkTest):
    def test_tokens_are_counted(self):
        self.assertGreater(self.client.models.count_tokens(model="mock", contents="hello there").total_tokens, 0)


class Errors(SdkTest):
    def test_each_status_has_its_class(self):
        for status, kind in ((400, errors.ClientError), (429, errors.ClientError), (503, errors.ServerError)):
            error = self.fails(kind, f"mock:status:{status}")
            self.assertEqual(error.code, status)
            self.assertTrue(error.message and error.status)

    def test_a_stream_that_breaks_is_an_error(self):
        for fault in ("cut:2", "error-event:2"):
            with self.assertRaises(errors.APIError if GATEWAY else Exception):
                list(self.stream(f"mock:chunks=5,{fault}"))

    @unittest.skipUnless(GATEWAY, "the gateway's own")
    def test_a_wrong_key_is_refused(self):
        stranger = genai.Client(api_key="sk-wrong", vertexai=False, http_options=types.HttpOptions(base_url=STAND.url, client_args={"trust_env": False}))
        with self.assertRaises(errors.ClientError) as caught:
            stranger.models.generate_content(model="mock", contents="hi")
        self.assertEqual((caught.exception.code, caught.exception.status), (401, "UNAUTHENTICATED"))
        self.assertNotIn(PROVIDER_KEY, str(caught.exception))


if __name__ == "__main__":
    unittest.main()
