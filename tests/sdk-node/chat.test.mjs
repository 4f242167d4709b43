// Black box: chats (`client.chat.completions`) by OpenAI's SDK for Node, the same before each provider.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import OpenAI from 'openai';
import { standardResponseFormat } from 'openai/helpers/standard-schema';
import { GROUPS, PROVIDER_KEY, all, client, shape, stand } from './stand.mjs';

const HI = [{ role: 'user', content: 'hi' }];
const TOOL = { type: 'function', function: { name: 'tool_0', parameters: { type: 'object', properties: {} } } };
const OSLO = 'text=%7B%22name%22:%22Oslo%22%2C%22land%22:%22Norway%22%7D,chunk-bytes=5';

const textOf = (chunks) => chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
const callsOf = (answer) => answer.choices[0].message.tool_calls.map(({ function: { name, arguments: text } }) => [name, JSON.parse(text)]);

for (const group of GROUPS) {
  const asked = (spec, more = {}) => ({ model: `${group}/mock:${spec}`, messages: HI, ...more });
  const ask = (spec, more) => client.chat.completions.create(asked(spec, more));
  const helped = (spec, more) => client.chat.completions.stream(asked(spec, more));

  describe(`a chat before ${group}`, () => {
    test('a whole answer', async () => {
      const spec = 'prompt-tokens=12,completion-tokens=5,text=forty two';
      const answer = await ask(spec);
      assert.deepEqual([answer.object, answer.model], ['chat.completion', `${group}/mock:${spec}`]);
      assert.equal(answer.choices[0].message.content, 'forty two');
      assert.equal(answer.choices[0].finish_reason, 'stop');
      assert.deepEqual([answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens], [12, 5, 17]);
    });

    test('a stream, and its usage', async () => {
      const spec = 'prompt-tokens=12,completion-tokens=5,text=hé \u{1F600} there,chunk-bytes=3';
      const chunks = await all(await ask(spec, { stream: true, stream_options: { include_usage: true } }));
      assert.equal(textOf(chunks), 'hé \u{1F600} there');
      assert.ok(chunks.filter((chunk) => chunk.choices[0]?.delta.content).length > 2, 'in pieces');
      assert.deepEqual(chunks.flatMap((chunk) => chunk.choices[0]?.finish_reason ?? []), ['stop']);
      assert.equal(chunks.at(-1).usage.total_tokens, 17);
      assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, 1);
    });

    test('tools, whole and streamed', async () => {
      const answer = await ask('tool-calls=2', { tools: [TOOL] });
      assert.equal(answer.choices[0].finish_reason, 'tool_calls');
      assert.deepEqual(callsOf(answer).map(([name]) => name), ['tool_0', 'tool_1']);
      assert.equal(callsOf(answer)[1][1].city, 'Zürich "old town"');
      const stream = helped('tool-calls=2,chunk-bytes=3', { tools: [TOOL] });
      const joined = {};
      const done = [];
      stream.on('tool_calls.function.arguments.delta', ({ index, arguments_delta: delta }) => (joined[index] = (joined[index] ?? '') + delta));
      stream.on('tool_calls.function.arguments.done', ({ index, name, arguments: text }) => done.push([index, name, text]));
      const streamed = await stream.finalChatCompletion();
      assert.deepEqual(callsOf(streamed), callsOf(answer));
      assert.deepEqual(done, [[0, 'tool_0', joined[0]], [1, 'tool_1', joined[1]]]);
    });

    test('the helper for streams: events, the final content, the usage', async () => {
      const deltas = [];
      const stream = helped('chunks=7,prompt-tokens=3,completion-tokens=4', { stream_options: { include_usage: true } });
      stream.on('content', (delta) => delta && deltas.push(delta));
      const content = await stream.finalContent();
      assert.deepEqual([content, deltas.length], [deltas.join(''), 7]);
      assert.equal(content, (await ask('chunks=7')).choices[0].message.content);
      assert.equal((await stream.totalUsage()).total_tokens, 7);
    });

    test('structured output, whole and streamed', async () => {
      const format = { response_format: standardResponseFormat(shape('name', 'land'), 'city') };
      const parsed = await client.chat.completions.parse(asked(OSLO, format));
      assert.deepEqual(parsed.choices[0].message.parsed, { name: 'Oslo', land: 'Norway' });
      const streamed = await helped(OSLO, format).finalChatCompletion();
      assert.deepEqual(streamed.choices[0].message.parsed, { name: 'Oslo', land: 'Norway' });
      assert.match(JSON.stringify((await stand.lastRequest()).body), /land/);
    });

    test('runTools: the tool is called, its result goes back, the answer comes', async () => {
      for (const stream of [false, true]) {
        const called = [];
        const run = (input) => called.push(input) && `result ${called.length}`;
        const tools = [{ type: 'function', function: { ...TOOL.function, parse: JSON.parse, function: run } }];
        const runner = client.chat.completions.runTools(asked('tool-calls=1,until-told,text=so be it', { tools, stream }));
        assert.equal(await runner.finalContent(), 'so be it');
        assert.deepEqual(called.map(({ city }) => city), ['Zürich "old town"']);
        assert.deepEqual(runner.messages.map((message) => message.role), ['user', 'assistant', 'tool', 'assistant']);
        assert.equal(runner.messages[2].content, 'result 1');
        assert.match(JSON.stringify((await stand.lastRequest()).body), /result 1/);
      }
    });

    test('an error keeps its status and is of its class', async () => {
      const kinds = {
        400: OpenAI.BadRequestError,
        401: OpenAI.AuthenticationError,
        403: OpenAI.PermissionDeniedError,
        404: OpenAI.NotFoundError,
        429: OpenAI.RateLimitError,
        500: OpenAI.InternalServerError,
        503: OpenAI.InternalServerError,
      };
      for (const [status, kind] of Object.entries(kinds)) {
        for (const more of [{}, { stream: true }]) {
          await assert.rejects(ask(status, more), (error) => {
            assert.ok(error instanceof kind, `${status}: ${error}`);
            assert.equal(error.status, Number(status));
            assert.ok(error.requestID, 'a request id');
            assert.ok(!JSON.stringify(error.error).includes(PROVIDER_KEY));
            return true;
          });
        }
      }
    });

    test('a stream that breaks off is an error, not an end', async () => {
      for (const fault of ['cut:6', 'mid-chunk:6', 'error-event:6']) {
        const chunks = [];
        const read = async () => {
          for await (const chunk of await ask(`chunks=9,fault=${fault},gap=5ms`, { stream: true })) chunks.push(chunk);
        };
        await assert.rejects(read(), (error) => error instanceof OpenAI.APIError && !(error instanceof OpenAI.APIConnectionError));
        assert.notEqual(textOf(chunks), '');
        await assert.rejects(helped(`chunks=9,fault=${fault},gap=5ms`).finalContent(), OpenAI.OpenAIError);
      }
    });
  });
}
