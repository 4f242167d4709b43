// Black box: OpenAI's SDK for Node against the gateway, as its users would write it: what is refused, and the resources beside
// conversations.
//
//     npm ci && npm test
//
// Each fault is asked of the mock provider by the model's name, see `millrace mock --help`.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import OpenAI, { toFile } from 'openai';
import { GROUPS, all, client } from './stand.mjs';

const HI = [{ role: 'user', content: 'hi' }];

describe('what is refused', () => {
  test('a wrong key, a model that is not there', async () => {
    const stranger = client.withOptions({ apiKey: 'sk-wrong' });
    await assert.rejects(stranger.models.list(), OpenAI.AuthenticationError);
    await assert.rejects(client.chat.completions.create({ model: 'nobody', messages: HI }), OpenAI.NotFoundError);
  });
});

describe('the other resources', () => {
  test('models', async () => {
    const models = await all(client.models.list());
    assert.deepEqual(models.map((model) => model.id).sort(), GROUPS.map((name) => `${name}/*`).sort());
  });

  test('embeddings, as numbers and as base64', async () => {
    const ask = (encoding_format) =>
      client.embeddings.create({ model: 'own/mock', input: ['a', 'b'], dimensions: 8, encoding_format });
    const [plain, packed] = [await ask('float'), await ask(undefined)];
    assert.equal(plain.data.length, 2);
    assert.equal(plain.data[0].embedding.length, 8);
    assert.deepEqual(packed.data[1].embedding, plain.data[1].embedding);
  });

  test('moderations', async () => {
    const answer = await client.moderations.create({ model: 'own/mock', input: ['a', 'b'] });
    assert.deepEqual(answer.results.map((result) => result.flagged), [false, false]);
  });

  test('images', async () => {
    const answer = await client.images.generate({ model: 'own/mock', prompt: 'a cat', n: 2 });
    assert.equal(answer.data.length, 2);
    assert.equal(Buffer.from(answer.data[0].b64_json, 'base64').subarray(1, 4).toString(), 'PNG');
  });

  test('speech: every byte', async () => {
    const answer = await client.audio.speech.create({ model: 'own/mock:chunks=3', input: 'hello', voice: 'alloy' });
    assert.equal(answer.headers.get('content-type'), 'audio/mpeg');
    const every = Buffer.concat(Array(3).fill(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))));
    assert.deepEqual(Buffer.from(await answer.arrayBuffer()), every);
  });

  test('a transcription, as an object and as text, and a translation', async () => {
    const file = () => toFile(Buffer.from('RIFF\r\n--\0'), 'a.wav', { type: 'audio/wav' });
    const answer = await client.audio.transcriptions.create({ model: 'own/mock', file: await file(), language: 'en' });
    assert.equal(answer.text, '9 bytes of sound');
    const text = await client.audio.transcriptions.create({ model: 'own/mock', file: await file(), response_format: 'text' });
    assert.equal(text, '9 bytes of sound\n');
    const translated = await client.audio.translations.create({ model: 'own/mock', file: await file() });
    assert.equal(translated.text, '9 bytes of sound');
  });

  test('an error of each is told', async () => {
    await assert.rejects(client.images.generate({ model: 'own/mock-429', prompt: 'p' }), OpenAI.RateLimitError);
    await assert.rejects(client.audio.speech.create({ model: 'own/mock-503', input: 'i', voice: 'alloy' }), OpenAI.InternalServerError);
    await assert.rejects(client.moderations.create({ model: 'claude/claude', input: 'i' }), OpenAI.BadRequestError);
  });
});
