"""The SDKs' clients as these tests want them: with the gateway's master key, without retries of their own, so that what they
tell is what they were told, and past any proxy of the machine's environment, which must not come between them and loopback."""

import anthropic
import httpx2
import openai
from google import genai
from google.genai import types

from stand import MASTER_KEY, PATIENCE, Stand

# What the SDK makes of each status.
OPENAI_ERRORS = {
    400: openai.BadRequestError,
    401: openai.AuthenticationError,
    403: openai.PermissionDeniedError,
    404: openai.NotFoundError,
    429: openai.RateLimitError,
    500: openai.InternalServerError,
    503: openai.InternalServerError,
}


def of_openai(stand: Stand, kind=openai.OpenAI, **options):
    """OpenAI's client, or another kind of it."""
    options.setdefault("api_key", MASTER_KEY)
    if "azure_endpoint" not in options:
        options.setdefault("base_url", stand.url + "/v1")
    return kind(max_retries=0, timeout=PATIENCE, http_client=http(issubclass(kind, openai.AsyncOpenAI)), **options)


def of_anthropic(stand: Stand, kind=anthropic.Anthropic, **options):
    """Anthropic's client, or another kind of it."""
    options = {"api_key": MASTER_KEY, "base_url": stand.url} | options
    return kind(max_retries=0, timeout=PATIENCE, http_client=http(issubclass(kind, anthropic.AsyncAnthropic)), **options)


def of_google(stand: Stand, key: str = MASTER_KEY, root: str | None = None):
    """Google's client, both kinds in one; of the gateway, or of what is at `root`."""
    past = {"trust_env": False}
    options = types.HttpOptions(base_url=root or stand.url, timeout=int(PATIENCE * 1000), client_args=past, async_client_args=past)
    return genai.Client(api_key=key, vertexai=False, http_options=options)


def http(asynchronous: bool):
    return (httpx2.AsyncClient if asynchronous else httpx2.Client)(trust_env=False)
