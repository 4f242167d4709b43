//! What we run on: plain data, complete and checked, with every default filled in.
//!
//! Nothing here remembers how it was written, but for [`Place`], so that a later complaint (a model that has no price,
//! a callback that failed to start) can still point at the line.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use actix_web::http::header::{HeaderName, HeaderValue};
use millrace_actors::secret::Secret;
use serde_json::{Map, Value};

use super::base_url::BaseUrl;
use super::prices::PriceFields;
pub use super::settings::{
    Alias, Fallback, GeneralSettings, LitellmSettings, MillraceSettings, RouterSettings, RoutingStrategy,
};
use crate::credentials::Source;
pub use crate::providers::table::Provider;

/// A whole configuration, checked, with every reference inside it known to hold.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The deployments, in the order written; several with one `model_name` form a model group.
    pub models: Vec<ModelEntry>,
    /// Names of deployments that were left out, since only LiteLLM has their provider.
    pub left_out: Vec<String>,
    /// The configured callbacks, in the order they run.
    pub callbacks: Vec<CallbackEntry>,
    /// `router_settings`: retries, fallbacks, aliases, cooldowns.
    pub router: RouterSettings,
    /// `general_settings`: the master key and the size limits.
    pub general: GeneralSettings,
    /// `litellm_settings`: what is left of it after callbacks and fallbacks went to their own fields.
    pub litellm: LitellmSettings,
    /// `millrace`: our own settings, which LiteLLM does not have.
    pub millrace: MillraceSettings,
    /// Where `millrace.host` is written.
    pub host_place: Option<Place>,
    /// Keys that LiteLLM knows and we do not serve, and other things worth saying once at start.
    pub notices: Vec<Notice>,
    /// Every file that was read, the main one first: what a file watch has to look at.
    pub files: Vec<PathBuf>,
}

/// One deployment.
#[derive(Clone, Debug)]
pub struct ModelEntry {
    /// The public name of its model group. May hold one `*`, which stands for any text.
    pub model_name: String,
    /// `model_info.id`, or 64 hex digits of a SHA-256 over the parameters: the same file gives the same id.
    pub id: String,
    /// Which dialect and which defaults apply.
    pub provider: Provider,
    /// The name sent upstream, without the provider prefix. A `*` in it takes what matched the `*` of `model_name`.
    pub upstream_model: String,
    /// Where requests go; no slash at its end, so `/chat/completions` can be put behind it.
    pub api_base: BaseUrl,
    /// What the provider puts between the address and its resources.
    pub below: Below,
    /// The credential; goes only to `api_base`'s origin. `None`: no `authorization` header is sent.
    pub api_key: Option<Secret>,
    /// The same where it is more than a key, and must be fetched. Never both.
    pub credential: Option<Source>,
    /// The region that calls are signed for, where the provider has any.
    pub region: Option<String>,
    /// Time for a whole answer, if this deployment has its own.
    pub timeout: Option<Duration>,
    /// Time for a streamed answer, if this deployment has its own.
    pub stream_timeout: Option<Duration>,
    /// Retries on this deployment, in place of the router's `num_retries`.
    pub max_retries: Option<u32>,
    /// Share of the group's traffic, relative to its peers; finite and not negative.
    pub weight: Option<f64>,
    /// Requests a minute; its share of the traffic, where no peer has a weight. Not enforced, as in LiteLLM's shuffle.
    pub rpm: Option<u64>,
    /// Tokens a minute; its share of the traffic, where no peer has a weight or an rpm. Not enforced either.
    pub tpm: Option<u64>,
    /// Lower is tried first; higher ones serve when all lower ones failed. `None` is the lowest.
    pub order: Option<i64>,
    /// Headers added to each upstream request. Values are marked sensitive: they may hold credentials.
    pub extra_headers: Vec<(HeaderName, HeaderValue)>,
    /// `extra_body`: fields added to each upstream body; they win over the caller's.
    pub extra_body: JsonParams,
    /// Request parameters given in `litellm_params` directly (`temperature`); the caller's own win over them.
    pub default_params: JsonParams,
    /// Whether parameters this provider does not know are dropped; `None`: as `litellm_settings` says.
    pub drop_params: Option<bool>,
    /// Whether pass-through takes its address and credential.
    pub use_in_pass_through: bool,
    /// Parameters that are always dropped.
    pub additional_drop_params: Vec<String>,
    /// Every price key of `litellm_params` and `model_info`, as written.
    pub prices: PriceFields,
    /// The rest of `model_info`.
    pub model_info: ModelInfo,
    /// How long this deployment rests after a failure that counts, in place of the router's.
    pub cooldown_time: Option<Duration>,
    /// Failures a minute before it rests, in place of the router's.
    pub allowed_fails: Option<u32>,
    /// Where its entry begins.
    pub place: Place,
}

/// What a provider puts between an address and a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Below {
    /// A path without a slash at its end, percent-encoded.
    pub path: String,
    /// A query with its `?`, percent-encoded; or nothing.
    pub query: String,
    /// Whether the model stands in what comes next, as a segment of the path.
    pub model_in_path: bool,
    /// Whether chats are asked for as responses.
    pub responses: bool,
    /// Whether responses and text completions are asked for as chats, though the provider may have them.
    pub chats: bool,
    /// Whether the version of the API, or the address, leads to no responses.
    pub older: bool,
}

/// What `model_info` says, without the id and the prices, which have their own fields.
#[derive(Clone, Debug, Default)]
pub struct ModelInfo {
    /// `chat`, `completion`, `embedding` ...
    pub mode: Option<String>,
    /// The name under which prices are looked up, where the deployment's own name says nothing.
    pub base_model: Option<String>,
    /// Everything else, as written; nothing shows it yet.
    pub extras: JsonParams,
}

/// One callback to be made.
#[derive(Clone, Debug)]
pub struct CallbackEntry {
    /// Its name: unique, the one the admin surface uses.
    pub name: String,
    /// What it is: `jsonl`, `webhook`, `deny_words`, `headers`, `noop`.
    pub kind: String,
    /// When its logging hooks run.
    pub events: CallbackEvents,
    /// Parameters for its constructor; already accepted by the validator given to `load`.
    pub params: JsonParams,
    /// Where its name is written.
    pub place: Place,
}

/// Which outcomes a callback is told of; hooks other than logging are not affected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackEvents {
    /// Listed under `callbacks`, or under both lists below.
    All,
    /// Listed under `success_callback` only.
    Success,
    /// Listed under `failure_callback` only.
    Failure,
}

impl CallbackEvents {
    /// The `events` parameter that says the same; `None` for all.
    pub fn as_param(self) -> Option<&'static str> {
        match self {
            Self::All => None,
            Self::Success => Some("success"),
            Self::Failure => Some("failure"),
        }
    }
}

/// JSON given by the operator that may hold credentials: printing it shows the names of its fields only.
#[derive(Clone, Default, PartialEq)]
pub struct JsonParams(pub Map<String, Value>);

impl fmt::Debug for JsonParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Where something was written. Line and column count from 1, the column in characters; 0 where there is no file.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, as given or as resolved from an `include`.
    pub file: PathBuf,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in characters.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        // Line 0 is the file as a whole: it could not be read, or a variable is meant.
        if self.line == 0 { write!(f, "{file}") } else { write!(f, "{file}:{}:{}", self.line, self.column) }
    }
}

/// Something an operator should read once, that does not stop the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Stable code, such as `MR1301`.
    pub code: &'static str,
    /// The key, as a dotted path: `router_settings.routing_strategy`.
    pub key: String,
    /// What it is about, without secrets.
    pub message: String,
    /// Where it was written.
    pub place: Place,
}
