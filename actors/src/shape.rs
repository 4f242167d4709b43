//! Answers in another shape than the one that was asked for: a whole answer to a stream, a stream to a whole answer, and a
//! stream as one array of its events (FAULTS S21, S22). And what a whole answer must be. What is made of bytes is pure, so that
//! it can be tested and fuzzed alone.

use std::slice;

use bytes::{Bytes, BytesMut};

use crate::answered::Open;
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::plan::Candidate;
use crate::ports::{Dialect, Frame, Kept};
use crate::relay::{mid_stream_error, status_of};
use crate::unusable;
use crate::upstream::UpstreamResponse;
use crate::wire::answer::Answer;
use crate::wire::envelope::Endpoint;
use crate::wire::framing::StreamReader;
use crate::wire::generate;
use crate::wire::look::look;
use crate::wire::protocol::Protocol;
use crate::wire::sse::Event;
use crate::wire::usage::Usage;
use crate::within::Within;

/// A body that is an object and no error, and has one of the members without which it is no answer, if any are named
/// (FAULTS U25, U26): servers and proxies say `{"detail":"busy"}` with status 200.
pub(crate) fn checked(body: &Bytes, members: &[&str]) -> Result<Answer, Fault> {
    let answer = Answer::scan_for(body, members).map_err(|e| Fault::InvalidAnswer { cause: e.to_string() })?;
    if !answer.object {
        return Err(Fault::InvalidAnswer { cause: "it is not a JSON object".into() });
    }
    match answer.error {
        Some(error) => Err(Fault::Provider { status: status_of(&error), error, retry_after: None }),
        None if !members.is_empty() && !answer.holds => {
            Err(Fault::InvalidAnswer { cause: format!("it has no `{}`", members.join("` and no `")) })
        }
        None => Ok(answer),
    }
}

/// One whole answer, where the provider may have sent it in another shape: a stream (`events`), though none was asked for, or
/// the events of one in an array. Anything else stays what it is.
///
/// # Errors
/// Its events are no stream, or not a whole one, or cannot be understood; or one of them is an error.
pub fn gathered(
    dialect: &dyn Dialect,
    asked: Endpoint,
    (body, events): (&Bytes, bool),
    max_event_bytes: usize,
) -> Result<Bytes, Fault> {
    if events {
        return dialect.collect(asked, &stream_events(dialect, asked, body, max_event_bytes)?);
    }
    match listed(dialect.protocol(asked), body) {
        Some(list) if generate::are_whole(&list) => {
            dialect.collect(asked, &list.into_iter().map(Kept::from).collect::<Vec<_>>())
        }
        Some(list) => Err(half(&list)),
        None => Ok(body.clone()),
    }
}

/// The events of a stream that was read whole, its terminal event left out, unless the answer is in it; all of it, where
/// only the dialect knows the end.
fn stream_events(
    dialect: &dyn Dialect,
    asked: Endpoint,
    body: &Bytes,
    max_event_bytes: usize,
) -> Result<Vec<Kept>, Fault> {
    let protocol = dialect.protocol(asked);
    let mut events = Vec::new();
    let mut end = Err(Fault::Truncated);
    let mut reader = StreamReader::new(dialect.framing(), max_event_bytes);
    let fed = reader.feed(body, |event| {
        let done = protocol.ends(event.name, event.data);
        let kept = || Kept { name: event.name.map(Bytes::copy_from_slice), data: Bytes::copy_from_slice(event.data) };
        match end {
            Err(Fault::Truncated) if is_error(&event) => end = Err(mid_stream_error(event.data)),
            Err(Fault::Truncated) if done => {
                end = Ok(());
                // it holds the whole answer
                events.extend((protocol == Protocol::Responses).then(kept));
            }
            Err(Fault::Truncated) => events.push(kept()),
            _ => {}
        }
    });
    fed.map_err(|e| Fault::InvalidAnswer { cause: e.to_string() })?;
    if events.is_empty() && end == Err(Fault::Truncated) {
        // a page, an empty body: no stream at all, rather than one that broke off
        return Err(Fault::InvalidAnswer { cause: "the stream ended before its first event".into() });
    }
    let over = match protocol {
        Protocol::Own => true,
        Protocol::GenerateContent => generate::are_whole(events.iter().map(|event| &event.data)),
        _ => false,
    };
    if over && end == Err(Fault::Truncated) {
        end = Ok(());
    }
    end.map(|()| events)
}

/// A whole answer to a request for a stream: given to the client as the stream it asked for.
pub(crate) async fn wrap(
    exchange: &Exchange,
    mut response: UpstreamResponse,
    candidate: &Candidate,
    within: &Within,
) -> Result<(Open, Option<Usage>), Fault> {
    let body = within.limit(response.read_all(exchange.routing.path.max_response_bytes)).await?;
    let limit = exchange.routing.path.max_event_bytes;
    let made = as_stream(&*candidate.deployment.dialect, exchange.asked.endpoint, &body, limit);
    let (stream, usage) = made.map_err(|fault| unusable::noted(exchange, slice::from_ref(&body), fault))?;
    Ok((Open { response, batch: vec![stream], more: false }, usage))
}

/// A whole answer, or the events of a stream in an array, as the bytes of a stream, and the tokens that it tells.
///
/// # Errors
/// It is no answer, or one that tells of a fault; or an event of it would be longer than the relay takes.
pub fn as_stream(
    dialect: &dyn Dialect,
    asked: Endpoint,
    body: &Bytes,
    max_event_bytes: usize,
) -> Result<(Bytes, Option<Usage>), Fault> {
    let mut stream = BytesMut::new();
    let protocol = dialect.protocol(asked);
    let (events, usage) = match listed(protocol, body) {
        Some(list) => {
            checked(list.first().ok_or_else(|| half(&list))?, &[])?;
            (list.into_iter().map(|data| Frame { name: None, data }).collect(), None)
        }
        None => {
            let answer = checked(body, &[])?;
            (dialect.split(asked, body)?, answer.usage)
        }
    };
    for event in events {
        let name = event.name.map(str::as_bytes);
        dialect.framing().write(protocol, &mut stream, name, &event.data);
    }
    // what is too long for the relay must be known before the head is out, while another try may be made
    let mut reader = StreamReader::new(dialect.framing(), max_event_bytes);
    reader.feed(&stream, |_| {}).map_err(|e| Fault::InvalidAnswer { cause: e.to_string() })?;
    Ok((stream.freeze(), usage))
}

/// What is wrong with an array of events that is no whole answer.
fn half(list: &[Bytes]) -> Fault {
    let Some(last) = list.last() else {
        return Fault::InvalidAnswer { cause: "the stream ended before its first event".into() };
    };
    checked(last, &[]).err().unwrap_or(Fault::Truncated)
}

/// The events of a stream that is one array.
fn listed(protocol: Protocol, body: &Bytes) -> Option<Vec<Bytes>> {
    generate::listed(body).filter(|_| protocol == Protocol::GenerateContent)
}

/// An error event inside a stream, in any protocol of ours.
pub(crate) fn is_error(event: &Event<'_>) -> bool {
    event.name == Some(b"error") || look(event.data).error
}
