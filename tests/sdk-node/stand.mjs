// The stand of these tests: a mock provider and a gateway in front of it, each a process of its own on a free port.
// `claude/mock:chunks=3` is what Anthropic's protocol asks the mock, and so on for each of GROUPS.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before } from 'node:test';
import OpenAI from 'openai';

export const MASTER_KEY = 'sk-sdk-0123456789abcdef-master';
export const PROVIDER_KEY = 'sk-canary-provider-credential-0815';

// More than anything here takes: what hangs must fail, not hang the run.
export const PATIENCE = 30_000;

// What a provider may speak: OpenAI's protocol, whole (`own`), chats alone (`chat`) or responses whatever its callers speak
// (`turns`), and those of others. `v1`: the address ends so.
const PROVIDERS = {
  own: { provider: 'openai', v1: true },
  chat: { provider: 'moonshot', v1: true },
  turns: { provider: 'openai/responses', v1: true },
  claude: { provider: 'anthropic' },
  gemini: { provider: 'gemini' },
  bedrock: { provider: 'bedrock' },
  cohere: { provider: 'cohere' },
  ollama: { provider: 'ollama_chat' },
};

export const GROUPS = Object.keys(PROVIDERS);

const entry = (name, root) => {
  const { provider, v1 } = PROVIDERS[name];
  const params = `model: "${provider}/*", api_base: "${root}${v1 ? '/v1' : ''}", api_key: ${PROVIDER_KEY}, aws_region_name: eu-central-1`;
  return `  - model_name: "${name}/*"\n    litellm_params: {${params}}\n`;
};

/** The program under test: MILLRACE_BIN, else what a release build or a debug build left behind. */
function binary() {
  const root = join(import.meta.dirname, '..', '..');
  const built = ['release', 'debug'].map((profile) => join(root, 'target', profile, 'millrace'));
  const found = (process.env.MILLRACE_BIN ? [process.env.MILLRACE_BIN] : built).find(existsSync);
  if (!found) throw new Error('no millrace binary: build it with `cargo build --release`, or set MILLRACE_BIN');
  return found;
}

/** The first line of a process's output that matches, or the end of the wait. */
function told(stream, pattern, what) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${what} did not start`)), PATIENCE);
    const lines = createInterface({ input: stream });
    lines.on('line', (line) => {
      const found = pattern.exec(line);
      if (!found) return;
      clearTimeout(late);
      resolve(found[1]);
    });
  });
}

function ended(child) {
  if (child.exitCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
    child.once('exit', () => resolve(clearTimeout(late)));
    child.kill('SIGTERM');
  });
}

/** Both processes; `url` is the gateway's. */
export class Stand {
  static async start() {
    const stand = new Stand();
    stand.folder = mkdtempSync(join(tmpdir(), 'millrace-sdk-node-'));
    // nothing of the caller's environment may lend a key, a proxy or an address to the processes under test
    const options = { env: { PATH: process.env.PATH, HOME: process.env.HOME }, stdio: ['ignore', 'pipe', 'pipe'] };
    stand.mock = spawn(binary(), ['mock', '--listen', '127.0.0.1:0', '--record', '16'], options);
    const provider = await told(stand.mock.stdout, /^(http:\S+)/, 'the mock');
    stand.root = provider.replace(/\/v1$/, '');
    const config = join(stand.folder, 'config.yaml');
    const models = GROUPS.map((name) => entry(name, stand.root)).join('');
    const rest = `router_settings: {num_retries: 0, disable_cooldowns: true}\ngeneral_settings: {master_key: ${MASTER_KEY}}\n`;
    writeFileSync(config, `model_list:\n${models}${rest}millrace: {workers: 2, shutdown_grace_seconds: 2}\n`);
    stand.gateway = spawn(binary(), ['serve', '--config', config, '--port', '0'], options);
    stand.url = `http://${await told(stand.gateway.stderr, /listening address=(\S+)/, 'the gateway')}`;
    return stand;
  }

  /** The last request that reached the mock. */
  async lastRequest() {
    const answer = await fetch(`${this.root}/requests`);
    const { requests } = await answer.json();
    const last = requests.at(-1);
    return { ...last, headers: Object.fromEntries(last.headers) };
  }

  /** A client without retries of its own, so that what it tells is what the gateway said. */
  client(options = {}) {
    return new OpenAI({ apiKey: MASTER_KEY, baseURL: `${this.url}/v1`, maxRetries: 0, timeout: PATIENCE, ...options });
  }

  async stop() {
    await Promise.all([this.gateway, this.mock].filter(Boolean).map(ended));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The stand of the file that is run, and its client, while its tests last. */
export let stand;
export let client;

before(async () => {
  stand = await Stand.start();
  client = stand.client();
});

after(() => stand?.stop());

/** Everything that a stream brings. */
export async function all(stream) {
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return pieces;
}

/** An object of texts, one for each name, in the form (standardschema.dev) from which the SDK's helpers make formats. */
export function shape(...names) {
  const properties = Object.fromEntries(names.map((name) => [name, { type: 'string' }]));
  const schema = { type: 'object', properties, required: names, additionalProperties: false };
  const fits = (value) => names.every((name) => typeof value?.[name] === 'string');
  const validate = (value) => (fits(value) ? { value } : { issues: [{ message: 'another shape' }] });
  return { '~standard': { version: 1, vendor: 'millrace', validate, jsonSchema: { input: () => schema } } };
}
