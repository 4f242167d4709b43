//! Google's Gemini: its generateContent, for callers of any protocol; embeddings and counts of tokens.

use std::borrow::Cow;

use actix_web::http::header::{HeaderName, HeaderValue, InvalidHeaderValue};
use bytes::Bytes;
use millrace_actors::fault::Fault;
use millrace_actors::ports::{AnswerFacts, Dialect, EncodeCall, Encoded, Frame, Kept, Translate};
use millrace_actors::wire::envelope::Endpoint;
use millrace_actors::wire::notes::Notes;
use millrace_actors::wire::pieces::Pieces;
use millrace_actors::wire::protocol::Protocol;

use super::segment;
use crate::dialects::bridge;
use crate::dialects::gemini::{self, counting, embeddings};

/// The header of a key (Google's reference, "Authentication").
const API_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");

/// The version of the API whose types this is written after.
const VERSION: &str = "/v1beta";

/// The member in which AI Studio's `countTokens` takes a whole request.
const WHOLE: &str = "generateContentRequest";

/// The dialect.
pub struct Gemini {
    /// Whose it is.
    pub name: &'static str,
    /// Where its models are.
    pub place: Place,
}

/// Where models are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At Google's AI Studio.
    Studio,
    /// At Vertex AI, below the publishers of a project and a location.
    Vertex,
    /// At Vertex AI, where the address leads to the one model already.
    Model,
}

/// The headers of a credential.
///
/// # Errors
/// It holds characters that no header may hold.
pub fn credential(key: &str) -> Result<Vec<(HeaderName, HeaderValue)>, InvalidHeaderValue> {
    Ok(vec![(API_KEY, HeaderValue::from_str(key)?)])
}

/// A base path as operators write it: with or without the version, and with or without what follows it.
pub fn base_path(path: &str) -> String {
    let path = path.strip_suffix("/models").unwrap_or(path);
    match path.rsplit('/').next() {
        Some("v1" | "v1beta" | "v1alpha") => path.to_owned(),
        _ => format!("{path}{VERSION}"),
    }
}

impl Gemini {
    /// A resource of the model: one segment, behind which the verb stands.
    fn path(&self, call: &EncodeCall<'_>, verb: &str) -> Result<Cow<'static, str>, Fault> {
        let below = match self.place {
            Place::Studio => "",
            Place::Vertex => "/google",
            Place::Model => return Ok(format!(":{verb}").into()),
        };
        Ok(format!("{below}/models/{}:{verb}", segment::of_model(call.model)?).into())
    }
}

/// The verb for an answer, whole or streamed.
fn generate(call: &EncodeCall<'_>) -> &'static str {
    if call.envelope.stream() { "streamGenerateContent?alt=sse" } else { "generateContent" }
}

/// The caller's body as it came: the model stands in the path.
fn own(call: &EncodeCall<'_>) -> Result<(Pieces, Notes), Fault> {
    bridge::edited_with(&EncodeCall { model: "", ..*call }, false, &["model"], Vec::new())
}

impl Dialect for Gemini {
    fn name(&self) -> &'static str {
        self.name
    }

    fn protocol(&self, _: Endpoint) -> Protocol {
        Protocol::GenerateContent
    }

    fn encode(&self, call: &EncodeCall<'_>) -> Result<Encoded, Fault> {
        // a model may be named as Google names its resource
        let call = &EncodeCall { model: call.model.strip_prefix("models/").unwrap_or(call.model), ..*call };
        let (verb, body, notes) = match call.endpoint {
            Endpoint::Chat | Endpoint::Completions | Endpoint::Messages | Endpoint::Responses => {
                let (body, notes) = bridge::written(call, Protocol::GenerateContent)?;
                (generate(call), body, notes)
            }
            Endpoint::Generate => {
                let (body, notes) = own(call)?;
                (generate(call), body, notes)
            }
            Endpoint::CountContent => {
                let (body, notes) = own(call)?;
                let body = match self.place != Place::Studio && call.envelope.field(WHOLE).is_some() {
                    true => Pieces::from(counting::request_at_vertex(&body.to_bytes())),
                    false => body,
                };
                ("countTokens", body, notes)
            }
            Endpoint::CountTokens => {
                let (body, notes) = bridge::written(call, Protocol::GenerateContent)?;
                let body = match self.place {
                    Place::Studio => counting::request(&body.to_bytes(), call.model),
                    Place::Vertex | Place::Model => counting::request_at_vertex(&body.to_bytes()),
                };
                ("countTokens", Pieces::from(body), notes)
            }
            Endpoint::Embeddings => {
                let verb = match self.place {
                    Place::Studio => embeddings::BATCH,
                    Place::Vertex | Place::Model => embeddings::verb_at_vertex(call.model),
                };
                let (body, notes) = bridge::written_as(call, |body| match verb {
                    embeddings::BATCH => embeddings::write_batch(body, call.model),
                    embeddings::ONE => embeddings::write_one(body),
                    _ => embeddings::write_predict(body, call.model),
                })?;
                (verb, body, notes)
            }
            _ => return Err(bridge::not_served(call, self.name)),
        };
        Ok(Encoded { path: self.path(call, verb)?, headers: Vec::new(), body, notes })
    }

    fn counts_tokens(&self) -> bool {
        true
    }

    fn split(&self, _: Endpoint, whole: &Bytes) -> Result<Vec<Frame>, Fault> {
        bridge::split(Protocol::GenerateContent, whole)
    }

    fn collect(&self, _: Endpoint, events: &[Kept]) -> Result<Bytes, Fault> {
        gemini::collect(events)
    }

    fn translator(&self, to: Protocol, facts: AnswerFacts) -> Box<dyn Translate> {
        bridge::translator(Protocol::GenerateContent, to, facts)
    }

    fn translate(&self, to: Protocol, facts: AnswerFacts, whole: &Bytes, notes: &mut Notes) -> Result<Bytes, Fault> {
        if facts.vectors.is_some() {
            return embeddings::read_answer(whole, &facts);
        }
        if let Some(count) = counting::told(whole) {
            return Ok(format!("{{\"input_tokens\":{count}}}").into());
        }
        bridge::translate(Protocol::GenerateContent, to, facts, whole, notes)
    }
}
