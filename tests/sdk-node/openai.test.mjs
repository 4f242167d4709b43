// Black box: OpenAI's SDK for Node against the gateway, as its users would write it.
//
//     npm ci && npm test
//
// Each fault is asked of the mock provider by the model's name, see `millrace mock --help`.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import OpenAI, { toFile } from 'openai';
import { MASTER_KEY, PATIENCE, PROVIDER_KEY, Stand } from './stand.mjs';

const HI = [{ role: 'user', content: 'hi' }];
const TOOL = { type: 'function', function: { name: 'tool_0', parameters: { type: 'object', properties: {} } } };

let stand;
let client;

before(async () => {
  stand = await Stand.start();
  // no retries of its own, so that what it tells is what the gateway said
  client = new OpenAI({ apiKey: MASTER_KEY, baseURL: `${stand.url}/v1`, maxRetries: 0, timeout: PATIENCE });
});

after(() => stand?.stop());

async function all(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

for (const [provider, name] of [['o', 'the provider that speaks the same'], ['a', 'a provider that speaks otherwise']]) {
  const model = (spec) => `${provider}/mock:${spec}`;
  const ask = (spec, more = {}) => client.chat.completions.create({ model: model(spec), messages: HI, ...more });

  describe(`a chat before ${name}`, () => {
    test('a whole answer', async () => {
      const answer = await ask('prompt-tokens=12,completion-tokens=5,text=forty two');
      assert.equal(answer.object, 'chat.completion');
      assert.equal(answer.model, model('prompt-tokens=12,completion-tokens=5,text=forty two'));
      assert.equal(answer.choices[0].message.content, 'forty two');
      assert.equal(answer.choices[0].finish_reason, 'stop');
      assert.deepEqual([answer.usage.prompt_tokens, answer.usage.completion_tokens], [12, 5]);
    });

    test('a stream, and its usage', async () => {
      const spec = 'prompt-tokens=12,completion-tokens=5,text=hé \u{1F600} there,chunk-bytes=3';
      const chunks = await all(await ask(spec, { stream: true, stream_options: { include_usage: true } }));
      assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), 'hé \u{1F600} there');
      assert.equal(chunks.at(-1).usage.total_tokens, 17);
      assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, 1);
    });

    test('tools, whole and streamed', async () => {
      const answer = await ask('tool-calls=2', { tools: [TOOL] });
      assert.equal(answer.choices[0].finish_reason, 'tool_calls');
      const calls = answer.choices[0].message.tool_calls;
      assert.deepEqual(calls.map((call) => call.function.name), ['tool_0', 'tool_1']);
      calls.forEach((call) => JSON.parse(call.function.arguments));
      const stream = client.chat.completions.stream({ model: model('tool-calls=2'), messages: HI, tools: [TOOL] });
      const streamed = await stream.finalChatCompletion();
      assert.deepEqual(
        streamed.choices[0].message.tool_calls.map((call) => JSON.parse(call.function.arguments)),
        calls.map((call) => JSON.parse(call.function.arguments)),
      );
    });

    test('the helper for streams: events, the final content, the usage', async () => {
      const deltas = [];
      const stream = client.chat.completions.stream({
        model: model('chunks=7,prompt-tokens=3,completion-tokens=4'),
        messages: HI,
        stream_options: { include_usage: true },
      });
      stream.on('content', (delta) => deltas.push(delta));
      assert.equal(await stream.finalContent(), deltas.join(''));
      assert.ok(deltas.length > 1);
      assert.equal((await stream.totalUsage()).total_tokens, 7);
    });

    test('runTools: the tool is called, its result goes back', async () => {
      let called = 0;
      const runner = client.chat.completions.runTools(
        {
          model: model('tool-calls=1'),
          messages: HI,
          tools: [{ type: 'function', function: { ...TOOL.function, parse: JSON.parse, function: () => `result ${++called}` } }],
        },
        // the mock calls its tool for ever
        { maxChatCompletions: 2 },
      );
      await runner.done();
      assert.ok(called >= 1);
      const results = runner.messages.filter((message) => message.role === 'tool');
      assert.equal(results[0].content, 'result 1');
      assert.match(JSON.stringify((await stand.lastRequest()).body), /result 1/);
    });

    test('an error keeps its status and is of its class', async () => {
      for (const [spec, kind] of [['429', OpenAI.RateLimitError], ['400', OpenAI.BadRequestError], ['500', OpenAI.InternalServerError]]) {
        await assert.rejects(ask(spec), (error) => {
          assert.ok(error instanceof kind, `${spec}: ${error}`);
          assert.ok(error.requestID, 'a request id');
          assert.ok(!String(error).includes(PROVIDER_KEY));
          return true;
        });
      }
    });

    test('a stream that breaks off is an error, not an end', async () => {
      const stream = await ask('chunks=9,cut:4', { stream: true });
      await assert.rejects(all(stream), OpenAI.APIError);
    });
  });
}

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
    assert.deepEqual(models.map((model) => model.id).sort(), ['a/*', 'o/*']);
  });

  test('embeddings, as numbers and as base64', async () => {
    const ask = (encoding_format) =>
      client.embeddings.create({ model: 'o/mock', input: ['a', 'b'], dimensions: 8, encoding_format });
    const [plain, packed] = [await ask('float'), await ask(undefined)];
    assert.equal(plain.data.length, 2);
    assert.equal(plain.data[0].embedding.length, 8);
    assert.deepEqual(packed.data[1].embedding, plain.data[1].embedding);
  });

  test('text completions, also before a provider that only chats', async () => {
    for (const provider of ['o', 'a']) {
      const answer = await client.completions.create({ model: `${provider}/mock:text=so`, prompt: 'Say so', max_tokens: 16 });
      assert.deepEqual([answer.object, answer.choices[0].text], ['text_completion', 'so']);
      const stream = await client.completions.create({ model: `${provider}/mock:text=so`, prompt: 'Say so', stream: true });
      assert.equal((await all(stream)).map((chunk) => chunk.choices[0]?.text ?? '').join(''), 'so');
    }
  });

  test('moderations', async () => {
    const answer = await client.moderations.create({ model: 'o/mock', input: ['a', 'b'] });
    assert.deepEqual(answer.results.map((result) => result.flagged), [false, false]);
  });

  test('images', async () => {
    const answer = await client.images.generate({ model: 'o/mock', prompt: 'a cat', n: 2 });
    assert.equal(answer.data.length, 2);
    assert.equal(Buffer.from(answer.data[0].b64_json, 'base64').subarray(1, 4).toString(), 'PNG');
  });

  test('speech: every byte', async () => {
    const answer = await client.audio.speech.create({ model: 'o/mock:chunks=3', input: 'hello', voice: 'alloy' });
    assert.equal(answer.headers.get('content-type'), 'audio/mpeg');
    const every = Buffer.concat(Array(3).fill(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))));
    assert.deepEqual(Buffer.from(await answer.arrayBuffer()), every);
  });

  test('a transcription, as an object and as text, and a translation', async () => {
    const file = () => toFile(Buffer.from('RIFF\r\n--\0'), 'a.wav', { type: 'audio/wav' });
    const answer = await client.audio.transcriptions.create({ model: 'o/mock', file: await file(), language: 'en' });
    assert.equal(answer.text, '9 bytes of sound');
    const text = await client.audio.transcriptions.create({ model: 'o/mock', file: await file(), response_format: 'text' });
    assert.equal(text, '9 bytes of sound\n');
    const translated = await client.audio.translations.create({ model: 'o/mock', file: await file() });
    assert.equal(translated.text, '9 bytes of sound');
  });

  test('an error of each is told', async () => {
    await assert.rejects(client.images.generate({ model: 'o/mock-429', prompt: 'p' }), OpenAI.RateLimitError);
    await assert.rejects(client.audio.speech.create({ model: 'o/mock-503', input: 'i', voice: 'alloy' }), OpenAI.InternalServerError);
    await assert.rejects(client.moderations.create({ model: 'a/claude', input: 'i' }), OpenAI.BadRequestError);
  });
});
