// Black box: responses (`client.responses`) and text completions by OpenAI's SDK for Node, the same before each provider: one that
// has them, and those that are asked otherwise.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import OpenAI from 'openai';
import { standardTextFormat } from 'openai/helpers/standard-schema';
import { GROUPS, PROVIDER_KEY, all, client, shape, stand } from './stand.mjs';

const TOOL = { type: 'function', name: 'tool_0', parameters: { type: 'object', properties: {} }, strict: false };

const textOf = (events) => events.map((event) => (event.type === 'response.output_text.delta' ? event.delta : '')).join('');
const callsOf = (answer) => answer.output.filter((item) => item.type === 'function_call').map((item) => [item.name, JSON.parse(item.arguments)]);

for (const group of GROUPS) {
  const model = (spec) => `${group}/mock:${spec}`;
  const ask = (spec, more = {}) => client.responses.create({ model: model(spec), input: 'hi', ...more });
  const helped = (spec, more = {}) => client.responses.stream({ model: model(spec), input: 'hi', ...more });

  describe(`responses before ${group}`, () => {
    test('a whole answer', async () => {
      const spec = 'prompt-tokens=12,completion-tokens=5,text=forty two';
      const answer = await ask(spec);
      assert.deepEqual([answer.object, answer.status, answer.model], ['response', 'completed', model(spec)]);
      assert.equal(answer.output_text, 'forty two');
      assert.deepEqual([answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.total_tokens], [12, 5, 17]);
    });

    test('a stream: its events in order, its usage', async () => {
      const spec = 'chunks=5,alphabet=mixed,prompt-tokens=12,completion-tokens=5';
      const events = await all(await ask(spec, { stream: true }));
      assert.deepEqual(events.slice(0, 3).map((event) => event.type), ['response.created', 'response.in_progress', 'response.output_item.added']);
      assert.deepEqual(events.map((event) => event.sequence_number), [...events.keys()]);
      assert.equal(events.at(-1).type, 'response.completed');
      assert.equal(events.at(-1).response.usage.total_tokens, 17);
      assert.equal(textOf(events), (await ask(spec)).output_text);
    });

    test('the helper for streams: snapshots, the final response', async () => {
      const spec = 'chunks=4,thinking=3,tool-calls=2,text-too,chunk-bytes=3';
      const snapshots = [];
      const joined = {};
      const stream = helped(spec, { tools: [TOOL], reasoning: { summary: 'auto' } });
      stream.on('response.output_text.delta', ({ snapshot }) => snapshots.push(snapshot));
      stream.on('response.function_call_arguments.delta', ({ output_index: n, delta }) => (joined[n] = (joined[n] ?? '') + delta));
      const final = await stream.finalResponse();
      assert.deepEqual([snapshots.length, snapshots.at(-1)], [4, final.output_text]);
      const whole = await ask(spec, { tools: [TOOL], reasoning: { summary: 'auto' } });
      assert.equal(final.output_text, whole.output_text);
      assert.deepEqual(callsOf(final), callsOf(whole));
      assert.deepEqual(callsOf(final).map(([name]) => name), ['tool_0', 'tool_1']);
      assert.deepEqual(Object.values(joined), final.output.filter((item) => item.type === 'function_call').map((item) => item.arguments));
      assert.equal(final.output.find((item) => item.type === 'reasoning').summary[0].text.length, 9);
    });

    test('structured output, whole and streamed', async () => {
      const spec = 'text=%7B%22name%22:%22Oslo%22%7D,chunk-bytes=5';
      const text = { format: standardTextFormat(shape('name'), 'city') };
      const parsed = await client.responses.parse({ model: model(spec), input: 'hi', text });
      assert.deepEqual(parsed.output_parsed, { name: 'Oslo' });
      assert.deepEqual((await helped(spec, { text }).finalResponse()).output_parsed, { name: 'Oslo' });
    });

    test('a result goes back', async () => {
      const first = await ask('tool-calls=1', { tools: [TOOL] });
      const call = first.output.find((item) => item.type === 'function_call');
      const result = { type: 'function_call_output', call_id: call.call_id, output: 'eighteen' };
      const again = await ask('text=sunny', { input: [{ role: 'user', content: 'hi' }, ...first.output, result], tools: [TOOL] });
      assert.equal(again.output_text, 'sunny');
      assert.match(JSON.stringify((await stand.lastRequest()).body), /old town.*eighteen/);
    });

    test('an error keeps its status and is of its class', async () => {
      for (const [status, kind] of [[400, OpenAI.BadRequestError], [429, OpenAI.RateLimitError], [500, OpenAI.InternalServerError]]) {
        for (const more of [{}, { stream: true }]) {
          await assert.rejects(ask(status, more), (error) => {
            assert.ok(error instanceof kind, `${status}: ${error}`);
            assert.equal(error.status, status);
            assert.ok(!JSON.stringify(error.error).includes(PROVIDER_KEY));
            return true;
          });
        }
      }
    });

    test('a stream that breaks off is an error, not an end', async () => {
      for (const fault of ['cut:6', 'mid-chunk:6', 'error-event:6']) {
        const spec = `chunks=9,fault=${fault},gap=5ms`;
        const events = await all(await ask(spec, { stream: true }));
        assert.notEqual(textOf(events), '');
        assert.equal(events.at(-1).type, 'error');
        assert.ok(events.at(-1).message);
        assert.ok(!events.some((event) => event.type === 'response.completed'));
        await assert.rejects(helped(spec).finalResponse());
      }
    });
  });

  describe(`text completions before ${group}`, () => {
    const complete = (spec, more = {}) => client.completions.create({ model: model(spec), prompt: 'Say so', ...more });

    test('whole and streamed', async () => {
      const spec = 'text=so it is,chunk-bytes=3,prompt-tokens=12,completion-tokens=5';
      const answer = await complete(spec, { max_tokens: 16 });
      assert.deepEqual([answer.object, answer.model, answer.choices[0].text], ['text_completion', model(spec), 'so it is']);
      assert.equal(answer.usage.total_tokens, 17);
      const chunks = await all(await complete(spec, { stream: true }));
      assert.equal(chunks.map((chunk) => chunk.choices[0]?.text ?? '').join(''), 'so it is');
      assert.deepEqual(chunks.flatMap((chunk) => chunk.choices[0]?.finish_reason ?? []), ['stop']);
    });

    test('errors, before and within a stream', async () => {
      await assert.rejects(complete('429'), OpenAI.RateLimitError);
      await assert.rejects(all(await complete('chunks=9,fault=cut:6,gap=5ms', { stream: true })), OpenAI.APIError);
    });
  });
}
