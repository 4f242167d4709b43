//! `deny_words`: refuses or masks words and patterns in what is asked and in what is answered.
//!
//! A plain tool with plain limits: it compares letters, so other spellings (letters of other alphabets, characters
//! without width, escapes within a tool call's arguments) pass. What it cannot read it refuses. Thought that was masked does
//! not fit its signature any more, so that its provider may refuse it in the next turn.

mod matcher;
mod places;
mod responses;
mod rules;
mod splice;
mod stream;
mod window;

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::{LocalBoxFuture, ready};
use millrace_actors::capabilities::Hooks;
use millrace_actors::fault::Refusal;
use millrace_actors::ports::{CallFacts, Callback, ParamError, StreamStage};
use millrace_actors::wire::protocol::Protocol;
use serde::Deserialize;
use serde_json::Value;

use super::params::Reader;
use matcher::{Manner, Matcher};
use places::{ANSWER, REQUEST};
use rules::Rules;
use window::Action;

/// Default of `mask`.
const MASK: &str = "[redacted]";
/// Default of `code`: OpenAI's word for it.
const CODE: &str = "content_policy_violation";
/// Default of `hold_back_chars`: longer than the keys, numbers and addresses that patterns are mostly written for.
const HOLD_BACK: usize = 256;

/// Where to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum On {
    Input,
    Output,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verb {
    #[default]
    Refuse,
    Mask,
}

/// Checked parameters.
#[derive(Debug)]
pub(super) struct Params {
    matcher: Matcher,
    action: Action,
    on: Vec<On>,
    message: Option<String>,
    code: String,
}

/// The callback.
pub(super) struct DenyWords {
    rules: Arc<Rules>,
    hooks: Hooks,
}

/// Checks and compiles.
pub(super) fn read(params: &Value) -> Result<Params, Vec<ParamError>> {
    let mut reader = Reader::new(params);
    let words = reader.texts("words");
    let patterns = reader.texts("patterns");
    let manner = Manner {
        case_sensitive: reader.get("case_sensitive").unwrap_or(false),
        whole_words: reader.get("whole_words").unwrap_or(false),
        hold_back_chars: reader.within("hold_back_chars", 1..=8192, HOLD_BACK),
    };
    let verb: Verb = reader.get("action").unwrap_or_default();
    let mask = reader.get::<String>("mask").unwrap_or_else(|| MASK.to_owned());
    let on = reader.get::<Vec<On>>("on").unwrap_or_else(|| vec![On::Input, On::Output]);
    let message = reader.get("message");
    let code = reader.get("code").unwrap_or_else(|| CODE.to_owned());
    if words.is_empty() && patterns.is_empty() {
        reader.complain("/words", "give at least one of `words` and `patterns`");
    }
    if on.is_empty() {
        reader.complain("/on", "give `input`, `output` or both");
    }
    if mask.is_empty() {
        reader.complain("/mask", "is empty: what stands around a masked word would become one word");
    }
    let matcher = Matcher::new(&words, &patterns, manner);
    let matcher = matcher.map_err(|errors| errors.into_iter().for_each(|e| reader.complain(e.pointer, e.message))).ok();
    if matcher.as_ref().is_some_and(|matcher| matcher.denies(&mask)) {
        reader.complain("/mask", "is itself denied by `words` or `patterns`");
    }
    let action = match verb {
        Verb::Refuse => Action::Refuse,
        Verb::Mask => Action::Mask(mask),
    };
    reader.finish(matcher.map(|matcher| Params { matcher, action, on, message, code }))
}

/// The callback that goes by `name`.
pub(super) fn start(name: &str, params: Params) -> DenyWords {
    let Params { matcher, action, on, message, code } = params;
    let input = if on.contains(&On::Input) { Hooks::PRE_CALL } else { Hooks::NONE };
    let output = if on.contains(&On::Output) { Hooks::POST_CALL | Hooks::STREAM } else { Hooks::NONE };
    let message = message.unwrap_or_else(|| format!("The content policy `{name}` of this gateway refused it."));
    DenyWords { rules: Arc::new(Rules { by: name.to_owned(), matcher, action, message, code }), hooks: input | output }
}

impl Callback for DenyWords {
    fn kind(&self) -> &'static str {
        "deny_words"
    }

    fn hooks(&self) -> Hooks {
        self.hooks
    }

    fn pre_call<'a>(&'a self, call: &'a CallFacts) -> LocalBoxFuture<'a, Result<Option<Bytes>, Refusal>> {
        Box::pin(ready(self.rules.apply(&call.body, &REQUEST)))
    }

    fn post_call<'a>(
        &'a self,
        _: &'a CallFacts,
        answer: &'a Bytes,
    ) -> LocalBoxFuture<'a, Result<Option<Bytes>, Refusal>> {
        Box::pin(ready(self.rules.apply(answer, &ANSWER)))
    }

    fn stream(&self, call: &CallFacts) -> Option<Box<dyn StreamStage>> {
        let rules = Arc::clone(&self.rules);
        Some(match call.protocol {
            Protocol::Responses => Box::new(responses::Stage::new(rules)),
            _ => Box::new(stream::Stage::new(rules)),
        })
    }
}

#[cfg(test)]
mod tests;
