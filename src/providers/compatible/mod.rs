//! What a server of OpenAI's protocol needs other than OpenAI: hooks over a row's [`Traits`], one code for all of them.
//!
//! A body is changed by cutting and splicing what the caller wrote. `messages` is looked into only where the row asks for it
//! and a search finds a word that may need it.

pub(super) mod messages;
pub(super) mod params;

use std::borrow::Cow;

use millrace_actors::fault::Fault;
use millrace_actors::ports::EncodeCall;
use millrace_actors::wire::envelope::{Edits, Endpoint, Envelope, ScanRules};
use millrace_actors::wire::notes::Notes;
use millrace_actors::wire::pieces::Pieces;
use millrace_actors::wire::protocol::Protocol;

use super::row::{Row, Traits};
use crate::dialects::bridge;

/// The body of a call to the server of `row`, in the protocol that is `spoken` to it, and what of the caller's request is not in it.
///
/// # Errors
/// The request cannot be understood or carried, or a parameter would be lost and `drop_params` does not allow it.
pub fn body(call: &EncodeCall<'_>, row: &Row, spoken: Protocol) -> Result<(Pieces, Notes), Fault> {
    if !call.endpoint.facts().translated {
        // the differences are those of conversations
        return bridge::edited(call, false);
    }
    let traits = &row.traits;
    let model = model(call, traits);
    let stream_usage = call.stream_usage && traits.stream_options && call.endpoint != Endpoint::Embeddings;
    let call = &EncodeCall { model: &model, stream_usage, ..*call };
    if call.protocol == spoken {
        let mut notes = Notes::default();
        let amended = params::amended(call, call.envelope, traits, &mut notes)?;
        let (body, more) = bridge::edited_with(call, stream_usage, &amended.drop, amended.set)?;
        notes.extend(&more);
        return Ok((body, notes));
    }
    let (written, mut notes) = bridge::written(call, spoken)?;
    let endpoint = if spoken == Protocol::Text { Endpoint::Completions } else { Endpoint::Chat };
    let envelope = Envelope::scan(written.to_bytes(), endpoint, &ScanRules::NONE)
        .map_err(|rejected| Fault::BadRequest { message: rejected.message, param: rejected.param })?;
    let amended = params::amended(call, &envelope, traits, &mut notes)?;
    let edits = Edits { model: &model, stream_usage: false, drop: &amended.drop, set: &amended.set };
    Ok((envelope.rewrite(&edits), notes))
}

/// The body of a call for a response by a caller of responses: as it came, but for the model and what the server lacks.
///
/// # Errors
/// The server keeps nothing and the caller means something that was kept; or a parameter would be lost, and `drop_params`
/// does not allow it.
pub fn response(call: &EncodeCall<'_>, row: &Row) -> Result<(Pieces, Notes), Fault> {
    let model = model(call, &row.traits);
    let call = &EncodeCall { model: &model, ..*call };
    let mut notes = Notes::default();
    let out = params::lacked(call, row.traits.responses_lack, &mut notes)?;
    let (body, more) = bridge::edited_with(call, false, &out, Vec::new())?;
    notes.extend(&more);
    Ok((body, notes))
}

/// The server's name of the model.
fn model<'c>(call: &EncodeCall<'c>, traits: &Traits) -> Cow<'c, str> {
    // the family of a whole name, such as `accounts/`, marks it as one
    let family = traits.model_prefix.split('/').next().unwrap_or_default();
    let whole = call.model.split('/').next() == Some(family);
    match traits.model_prefix {
        "" => Cow::Borrowed(call.model),
        _ if whole || call.endpoint == Endpoint::Embeddings => Cow::Borrowed(call.model),
        prefix => Cow::Owned(format!("{prefix}{}", call.model)),
    }
}
