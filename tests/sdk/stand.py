"""The stand of the SDK tests: a mock provider and, but where a test speaks to it itself, a gateway in front of it; each a
process of its own on a free port."""

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request
from pathlib import Path

MASTER_KEY = "sk-sdk-0123456789abcdef-master"
PROVIDER_KEY = "sk-canary-provider-credential-0815"

# More than anything here takes: what hangs must fail, not hang the run.
PATIENCE = 30.0

# `mock*`: the name of the model tells the mock what to do (`millrace mock --help`). No retries and no rest after a
# failure, so that one test's fault is no other test's; `flaky` is the one group that retries.
CONFIG = """
model_list:
  - model_name: "mock*"
    litellm_params: &mock
      model: "openai/mock*"
      api_base: "{provider}"
      api_key: {provider_key}
      input_cost_per_token: 2.5e-06
      output_cost_per_token: 1.0e-05
  - model_name: plain
    litellm_params: {{<<: *mock, model: openai/mock, max_retries: 0}}
  - model_name: down
    litellm_params: {{<<: *mock, model: openai/mock, api_base: "http://127.0.0.1:1/v1"}}
  - model_name: saved
    litellm_params: {{<<: *mock, model: "openai/mock:503"}}
router_settings:
  num_retries: 0
  disable_cooldowns: true
  fallbacks:
    - saved: [plain]
"""

# Protocols that a provider may speak. `claude/mock:chunks=3` is what Anthropic's protocol asks the mock; `chat` has chat
# completions and no other resource of OpenAI's, `turns` is asked for responses whatever its callers speak.
GROUPS = {
    "own": ("openai", "{provider}"),
    "chat": ("moonshot", "{provider}"),
    "turns": ("openai/responses", "{provider}"),
    "claude": ("anthropic", "{root}"),
    "gemini": ("gemini", "{root}"),
    "bedrock": ("bedrock", "{root}"),
    "cohere": ("cohere", "{root}"),
    "ollama": ("ollama_chat", "{root}"),
}

ENTRY = """
  - model_name: "{name}/*"
    litellm_params: {{{{model: "{provider}/*", api_base: "{base}", api_key: {{provider_key}}, aws_region_name: eu-central-1}}}}"""

# All of them behind one gateway.
EVERY_GROUP = (
    "model_list:"
    + "".join(ENTRY.format(name=name, provider=provider, base=base) for name, (provider, base) in GROUPS.items())
    + "\nrouter_settings: {{num_retries: 0, disable_cooldowns: true}}\n"
)

# What every stand's gateway has besides its models and routing.
SETTINGS = """
general_settings:
  master_key: {master_key}
millrace:
  workers: 2
  first_token_timeout: 5
  idle_timeout: 2
  shutdown_grace_seconds: 2
"""


def binary() -> str:
    """The program under test: MILLRACE_BIN, else what a release build or a debug build left behind."""
    root = Path(__file__).resolve().parents[2]
    built = [root / "target" / profile / "millrace" for profile in ("release", "debug")]
    given = os.environ.get("MILLRACE_BIN")
    for path in [Path(given)] if given else built:
        if path.is_file():
            return str(path)
    raise FileNotFoundError("no millrace binary: build it with `cargo build --release`, or set MILLRACE_BIN")


class Stand:
    """Both processes; `log` holds the gateway's log lines. Without a configuration there is no gateway, and `url` is the
    mock's."""

    def __init__(self, config: str | None = CONFIG):
        self.config = config

    def start(self):
        """Both, and anew after `stop`: a module's tests may be taken in by another's."""
        self.folder = tempfile.TemporaryDirectory(prefix="millrace-sdk-")
        self.log = []
        self.mock = self.gateway = self.reader = None
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self):
        program = binary()
        # nothing of the caller's environment may lend a key, a proxy or an address to the processes under test
        env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self.mock = subprocess.Popen(
            [program, "mock", "--listen", "127.0.0.1:0", "--record", "16"], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        self.provider = self.mock.stdout.readline().strip()
        if not self.provider.startswith("http://"):
            raise RuntimeError(f"the mock did not start: {self.provider!r}")
        self.url = root = self.provider.removesuffix("/v1")
        if self.config is None:
            return
        config = Path(self.folder.name) / "config.yaml"
        filled = (self.config + SETTINGS).format(provider=self.provider, root=root, provider_key=PROVIDER_KEY, master_key=MASTER_KEY)
        config.write_text(filled)
        self.gateway = subprocess.Popen(
            [program, "serve", "--config", str(config), "--port", "0"],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        address = self._address()
        self.url = f"http://{address}"
        self.reader = threading.Thread(target=self.log.extend, args=(self.gateway.stderr,), daemon=True)
        self.reader.start()
        check = [program, "healthcheck", "--address", address]
        wait_until(lambda: subprocess.run(check, env=env, stderr=subprocess.DEVNULL).returncode == 0, "the gateway to be ready")

    def _address(self) -> str:
        for line in self.gateway.stderr:
            self.log.append(line)
            if found := re.search(r"listening address=(\S+)", line):
                return found.group(1)
        raise RuntimeError("the gateway did not start:\n" + "".join(self.log))

    def stats(self) -> dict:
        """The mock's counters."""
        return json.loads(fetch(self.provider.removesuffix("/v1") + "/stats"))

    def requests(self) -> list[dict]:
        """The last requests that reached the mock, oldest first; header names are in lower case."""
        requests = json.loads(fetch(self.provider.removesuffix("/v1") + "/requests"))["requests"]
        return [request | {"headers": dict(request["headers"])} for request in requests]

    def stop(self):
        """SIGTERM to both; what does not end in time is killed and told."""
        late = []
        for process in (self.gateway, self.mock):
            if process is None:
                continue
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                late.append(process.args[1])
        if self.reader is not None:
            self.reader.join()
        for process in filter(None, (self.gateway, self.mock)):
            for pipe in filter(None, (process.stdout, process.stderr)):
                pipe.close()
        self.folder.cleanup()
        if late:
            raise RuntimeError(f"did not end on SIGTERM: {late}")


class Asking(unittest.TestCase):
    """A test that asks by a method `ask` of its own."""

    def each_status_fails(self, kinds: dict, look):
        """Each status of a provider's is an error of its class, asked whole and streamed, and holds nothing of the key that the
        provider is asked with; `look` looks further."""
        for status, kind in kinds.items():
            for more in ({}, {"stream": True}):
                with self.subTest(status, **more):
                    error = self.fails(kind, f"mock:status:{status}", **more)
                    self.assertEqual(error.status_code, status)
                    self.assertNotIn(PROVIDER_KEY, str(error.body))
                    look(error)

    def fails(self, kind, *asked, **more):
        """What a call fails with: exactly this class."""
        with self.assertRaises(kind) as caught:
            self.ask(*asked, **more)
        self.assertIs(type(caught.exception), kind)
        return caught.exception


def before(*groups: str):
    """Of one body of tests, a test case before each of these providers: `Chats` becomes `ChatsBeforeClaude`, and so on."""

    def cases(body: type) -> type:
        for group in groups:
            name = f"{body.__name__}Before{group.title()}"
            case = type(name, (body, Asking), {"group": group, "__module__": body.__module__, "__doc__": body.__doc__})
            setattr(sys.modules[body.__module__], name, case)
        return body

    return cases


def fetch(url: str, **headers: str) -> str:
    """One GET, past any proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, headers=headers), timeout=PATIENCE) as answer:
        return answer.read().decode()


def wait_until(fine, what: str):
    """Polls until `fine()`; fails after PATIENCE. The wait is for liveness, no test depends on how long it takes."""
    end = time.monotonic() + PATIENCE
    while not fine():
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.02)
