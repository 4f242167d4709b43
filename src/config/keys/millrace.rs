//! `millrace`: our own settings. A section of its own at the top level, which LiteLLM skips, so that one file serves both.

use super::spec::{Key, Spec, Ty, Unknown, key, none};

/// `millrace`.
pub(in crate::config) const MILLRACE: Spec = Spec {
    name: "millrace",
    doc: "Settings that LiteLLM does not have. LiteLLM skips this section, so one file serves both.",
    keys: KEYS,
    not_yet: &[],
    guards: &[],
    unknown: Unknown::Refuse,
    also: none,
};

/// A day, in seconds.
const DAY: f64 = 86_400.0;

const KEYS: &[Key] = &[
    key("host", Ty::Address, "127.0.0.1", "Numeric address to listen on. Anything but loopback needs a master key."),
    key("port", Ty::Count(0, 65_535), "4000", "Port to listen on; 0 takes any free one."),
    key("workers", Ty::Count(1, 1024), "-", "Worker threads; else one per core."),
    key(
        "shutdown_grace_seconds",
        Ty::Seconds(0.0, DAY),
        "600",
        "How long what runs may go on after SIGTERM; a second one ends all within a second.",
    ),
    key(
        "stream_heartbeat_seconds",
        Ty::Seconds(0.1, DAY),
        "-",
        "A comment line to a waiting streaming client, this often; else never. The answer's head then goes out after this \
        long at the latest: without `llm_provider-*` and whatever else only the provider's head tells, and from then on a \
        failure is the stream's last event, with no retry and no fallback.",
    ),
    key(
        "first_token_timeout",
        Ty::Seconds(0.001, DAY),
        "300",
        "Longest wait for the head and first event of a stream, where no `stream_timeout` and no `timeout` says.",
    ),
    key("idle_timeout", Ty::Seconds(0.001, DAY), "120", "Longest silence within a stream."),
    key("total_timeout", Ty::Seconds(0.001, 604_800.0), "6000", "Longest whole exchange, where nothing else says."),
    key("connect_timeout", Ty::Seconds(0.001, 600.0), "5", "Longest TCP and TLS set-up."),
    key("max_event_bytes", Ty::Count(1024, 1 << 30), "8388608", "Largest single stream event."),
    key("credit_bytes", Ty::Count(4096, 1 << 30), "262144", "What a stream may hold for a slow client, bytes."),
    key(
        "upload_replay_bytes",
        Ty::Count(0, 1 << 30),
        "1048576",
        "What of an upload (a form's file, a pass-through's body) is kept in memory for another try, bytes. A longer one goes \
        through once: no retry and no fallback after its first bytes past this.",
    ),
    key(
        "upload_spool_bytes",
        Ty::Count(65_536, 1 << 40),
        "1073741824",
        "What forms that must be read before they are sent may take in `data_dir`, all together, bytes; what finds no room is \
        answered 503, or 413 where it is larger by itself.",
    ),
    key("client_body_idle_timeout", Ty::Seconds(0.001, DAY), "30", "Longest pause within a request body."),
    key("write_idle_timeout", Ty::Seconds(0.001, DAY), "60", "Longest time a client may take nothing of a stream."),
    key("keep_alive", Ty::Seconds(0.0, DAY), "75", "How long an idle client connection is kept."),
    key("data_dir", Ty::Path, "-", "Where we may write, relative to this file; else nothing is written."),
    key("price_file", Ty::Path, "-", "A price map in LiteLLM's format, relative to this file; else the built-in one."),
    key("max_in_flight", Ty::Count(1, 1_000_000), "4096", "Exchanges at once; more are refused with 503."),
    key(
        "accept_unenforced",
        Ty::Names,
        "[]",
        "Keys of LiteLLM that protect something, are not served here, and that \
        you accept as having no effect.",
    ),
];
