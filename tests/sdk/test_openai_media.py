"""Black box: the resources beside conversations, by the official OpenAI SDK for Python. Reads as test_openai.py does."""

import base64
import io
import unittest

import openai

import clients
import test_openai
from test_openai import setUpModule, tearDownModule  # noqa: F401: unittest finds them here

SOUND = b"RIFF\x00\xff\r\n--\r\n"


class Media(unittest.TestCase):
    def setUp(self):
        self.client = clients.of_openai(test_openai.STAND)
        self.addCleanup(self.client.close)

    def sound(self):
        return ("a.wav", io.BytesIO(SOUND), "audio/wav")

    def test_embeddings(self):
        answer = self.client.embeddings.create(model="plain", input=["a", "b"], dimensions=8)
        plain = self.client.embeddings.create(model="plain", input=["a", "b"], dimensions=8, encoding_format="float")
        self.assertEqual([item.index for item in answer.data], [0, 1])
        self.assertEqual([item.embedding for item in answer.data], [item.embedding for item in plain.data])

    def test_moderations(self):
        answer = self.client.moderations.create(model="plain", input=["a", "b", "c"])
        self.assertEqual([result.flagged for result in answer.results], [False] * 3)
        self.assertEqual(answer.model, "plain")

    def test_images(self):
        answer = self.client.images.generate(model="plain", prompt="a cat", n=2)
        self.assertEqual([base64.b64decode(picture.b64_json)[1:4] for picture in answer.data], [b"PNG", b"PNG"])
        self.assertEqual(self.client.images.generate(model="plain", prompt="p", response_format="url").data[0].url[:8], "https://")

    def test_speech_whole_and_as_it_comes(self):
        every = bytes(range(256)) * 3
        answer = self.client.audio.speech.create(model="mock:chunks=3", input="hello", voice="alloy")
        self.assertEqual(answer.read(), every)
        with self.client.audio.speech.with_streaming_response.create(
            model="mock:chunks=3", input="hello", voice="alloy", response_format="wav"
        ) as streamed:
            self.assertEqual(streamed.headers["content-type"], "audio/wav")
            self.assertEqual(b"".join(streamed.iter_bytes()), every)

    def test_transcriptions_and_translations(self):
        said = f"{len(SOUND)} bytes of sound"
        answer = self.client.audio.transcriptions.create(model="plain", file=self.sound(), language="en", temperature=0.2)
        self.assertEqual(answer.text, said)
        verbose = self.client.audio.transcriptions.create(
            model="plain", file=self.sound(), response_format="verbose_json", timestamp_granularities=["word", "segment"]
        )
        self.assertEqual((verbose.text, float(verbose.duration)), (said, 2.5))
        text = self.client.audio.transcriptions.create(model="plain", file=self.sound(), response_format="text")
        self.assertEqual(text, said + "\n")
        self.assertEqual(self.client.audio.translations.create(model="plain", file=self.sound()).text, said)

    def test_the_form_arrives_whole(self):
        self.client.audio.transcriptions.create(model="plain", file=self.sound(), prompt="hé \N{SLIGHTLY SMILING FACE}")
        sent = test_openai.STAND.requests()[-1]
        self.assertTrue(sent["headers"]["content-type"].startswith("multipart/form-data; boundary="))
        self.assertIn("hé \N{SLIGHTLY SMILING FACE}", sent["body"])

    def test_errors(self):
        with self.assertRaises(openai.RateLimitError):
            self.client.images.generate(model="mock-429", prompt="p")
        with self.assertRaises(openai.InternalServerError):
            self.client.audio.speech.create(model="mock-503", input="i", voice="alloy")
        with self.assertRaises(openai.BadRequestError):
            self.client.post("/audio/transcriptions", cast_to=object, body={"model": "plain"})


if __name__ == "__main__":
    unittest.main()
