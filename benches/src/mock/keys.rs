//! The table of the behaviour grammar: name, reader, writer and help of each key. `--help` is printed from it.

use super::{behaviour::Behaviour, value::Value};

/// One key of the grammar.
pub struct Key {
    /// Its name, as written.
    pub name: &'static str,
    /// What it is for.
    pub help: &'static str,
    /// Whether the name alone means `=true`.
    pub switch: bool,
    /// Reads a value into the behaviour.
    pub set: fn(&mut Behaviour, &str) -> Result<(), String>,
    /// Shows the value the behaviour has.
    pub get: fn(&Behaviour) -> String,
    /// The forms of a value.
    pub forms: fn() -> String,
    /// Whether a value other than the default breaks a rule that a client may rely on: it then counts as a fault.
    pub fault: bool,
}

fn forms<T: Value>(_: fn(&Behaviour) -> &T) -> String {
    T::forms()
}

macro_rules! key {
    ($name:literal, $field:ident, $help:literal $(, $switch:ident)?) => { key!(@ $name, $field, $help, false $(, $switch)?) };
    (@ $name:literal, $field:ident, $help:literal, $fault:literal, switch) => { key!(# $name, $field, $help, $fault, true) };
    (@ $name:literal, $field:ident, $help:literal, $fault:literal, fault) => { key!(# $name, $field, $help, true, false) };
    (@ $name:literal, $field:ident, $help:literal, $fault:literal, odd) => { key!(# $name, $field, $help, true, true) };
    (@ $name:literal, $field:ident, $help:literal, $fault:literal) => { key!(# $name, $field, $help, $fault, false) };
    (# $name:literal, $field:ident, $help:literal, $fault:literal, $switch:literal) => {
        Key {
            name: $name,
            help: $help,
            switch: $switch,
            set: |behaviour, text| Value::read(text).map(|value| behaviour.$field = value),
            get: |behaviour| behaviour.$field.show(),
            forms: || forms(|behaviour| &behaviour.$field),
            fault: $fault,
        }
    };
}

/// Every key, in the order of the help.
pub static KEYS: &[Key] = &[
    key!("chunks", chunks, "content chunks per choice"),
    key!("chunk-bytes", chunk_bytes, "bytes of content per chunk"),
    key!("gap", gap, "pause before each event after the first"),
    key!("ttft", ttft, "pause before the head of a stream"),
    key!("head-first", head_first, "send the head of a stream before ttft", switch),
    key!("delay", delay, "pause before a whole answer or an error"),
    key!("text", text, "the content (%2C is a comma), cut into pieces of chunk-bytes"),
    key!("echo-user", echo_user, "content is the request's user field", switch),
    key!("alphabet", alphabet, "what generated content is made of"),
    key!("escape", escape, "characters outside ASCII: as UTF-8, as \\u escapes, as lone surrogates over two chunks"),
    key!("n", n, "choices, interleaved, instead of the n of the request"),
    key!("tool-calls", tool_calls, "tool calls per choice; arguments are split anywhere, also within escapes"),
    key!("text-too", text_too, "content before the tool calls as well", switch),
    key!(
        "until-told",
        until_told,
        "content in place of the tool calls, once the request holds a result of one",
        switch
    ),
    key!("arguments", arguments, "what a tool is called with"),
    key!("pictures", pictures, "pictures behind the content: OpenAI's protocol and Google's"),
    key!("sound", sound, "pieces of sound in place of content: OpenAI's protocol and Google's"),
    key!("thinking", thinking, "pieces of thought before the content (Anthropic: a signed block)"),
    key!("redacted", redacted, "blocks of redacted thought before the content (Anthropic)"),
    key!("stop", stop, "why the answer ends"),
    key!("prompt-tokens", prompt_tokens, "prompt tokens in usage (auto: body length / 4)"),
    key!("completion-tokens", completion_tokens, "completion tokens in usage (auto: one per chunk)"),
    key!(
        "cached-tokens",
        cached_tokens,
        "tokens read from a cache in usage (within prompt-tokens with OpenAI, beside them with Anthropic)"
    ),
    key!("cache-write-tokens", cache_write_tokens, "tokens written to a cache in usage (Anthropic)"),
    key!("cache-write-1h-tokens", cache_write_1h_tokens, "how many of those are kept for an hour"),
    key!("reasoning-tokens", reasoning_tokens, "reasoning tokens in usage"),
    key!("usage", usage, "where usage stands, or what is wrong with it", fault),
    key!("quirk", quirk, "what a server of OpenAI's protocol does otherwise", fault),
    key!("model", model, "the model field of the answer", fault),
    key!("extra", extra, "fields that the provider does not have", odd),
    key!("nulls", nulls, "fields that say nothing written as null", switch),
    key!("finish", finish, "how often finish_reason comes", fault),
    key!("done", done, "how the stream says that it is over", fault),
    key!("shape", shape, "JSON though a stream was asked for, or the reverse", fault),
    key!("fault", fault, "the fault; its name or status alone will do", fault),
    key!("how", how, "how a fault ends the connection"),
    key!("framing", framing, "how the end of the body is told", fault),
    key!("encoding", encoding, "content-encoding that nobody asked for", fault),
    key!("eol", eol, "line ends of a stream", fault),
    key!("bom", bom, "a byte order mark before the stream", odd),
    key!("comments", comments, "a comment before every event", odd),
    key!("pings", pings, "a ping before every event but the first (Anthropic)", switch),
    key!("nameless", nameless, "no event: lines where the protocol has them", odd),
    key!("no-space", no_space, "data: without the blank", odd),
    key!("multiline", multiline, "JSON over several data: lines", odd),
    key!("fields", fields, "event:, id: and retry: with every event", odd),
    key!("unknown-fields", unknown_fields, "fields that no SSE reader knows, data without colon", odd),
    key!("slice", slice, "write the answer in pieces of N bytes (0: whole)", fault),
    key!("interim", interim, "1xx answers first, as 100+103", fault),
    key!("key", key, "the key that requests must carry, else 401 (auto: none is asked)"),
    key!(
        "aws-secret",
        aws_secret,
        "the secret that requests must be signed with, else 403 (auto: none is asked; Bedrock)"
    ),
    key!("head-rate", head_rate, "bytes per second of the head (0: at once)", fault),
    key!(
        "read-rate",
        read_rate,
        "bytes per second of reading the request body, after `early` too; not from the model name",
        fault
    ),
    key!("headers", headers, "N headers more", fault),
    key!("header-bytes", header_bytes, "one header of N bytes more", fault),
    key!("header", header, "one header more, as name:value"),
    key!("content-type", content_type, "another content-type", fault),
    key!("location", location, "where a redirect points"),
    key!("code", code, "code of the error, as insufficient_quota (Anthropic: its type, as overloaded_error)"),
    key!("message", message, "message of the error"),
    key!("error-type", error_type, "type of the error, instead of the status's own"),
    key!("error-param", error_param, "param of the error"),
    key!("retry-after", retry_after, "retry-after literally; date:N is the HTTP date N seconds from now"),
    key!("retry-after-ms", retry_after_ms, "retry-after-ms literally"),
    key!("close-after", close_after, "close the connection after N requests on it (0: never)", fault),
    key!("close-on", close_on, "close right after the answer, or when the next request arrives"),
    key!("dimensions", dimensions, "numbers in an embedding, unless the request says"),
];
