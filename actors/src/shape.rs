//! Answers in another shape than the one that was asked for: a whole answer to a stream, a stream to a whole answer, and a
//! stream as one array of its events (FAULTS S21, S22). And what a whole answer must be.

use std::slice;

use bytes::{Bytes, BytesMut};

use crate::answered::Open;
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::plan::Candidate;
use crate::ports::{Dialect, Frame};
use crate::relay::{mid_stream_error, status_of};
use crate::unusable;
use crate::upstream::UpstreamResponse;
use crate::wire::answer::Answer;
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

/// The data of a stream that was read whole, its terminal event left out, unless the answer is in it; all of it, where
/// only the dialect knows the end.
pub(crate) fn stream_events(exchange: &Exchange, dialect: &dyn Dialect, body: &Bytes) -> Result<Vec<Bytes>, Fault> {
    let protocol = dialect.protocol(exchange.asked.endpoint);
    let mut events = Vec::new();
    let mut end = Err(Fault::Truncated);
    let mut reader = StreamReader::new(dialect.framing(), exchange.routing.path.max_event_bytes);
    let fed = reader.feed(body, |event| {
        let done = protocol.ends(event.name, event.data);
        match end {
            Err(Fault::Truncated) if is_error(&event) => end = Err(mid_stream_error(event.data)),
            Err(Fault::Truncated) if done => {
                end = Ok(());
                // it holds the whole answer
                events.extend((protocol == Protocol::Responses).then(|| Bytes::copy_from_slice(event.data)));
            }
            Err(Fault::Truncated) => events.push(Bytes::copy_from_slice(event.data)),
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
        Protocol::GenerateContent => generate::are_whole(&events),
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
    let made = as_stream(exchange, &*candidate.deployment.dialect, &body);
    let (stream, usage) = made.map_err(|fault| unusable::noted(exchange, slice::from_ref(&body), fault))?;
    Ok((Open { response, batch: vec![stream], more: false }, usage))
}

/// A whole answer as the bytes of a stream.
fn as_stream(exchange: &Exchange, dialect: &dyn Dialect, body: &Bytes) -> Result<(Bytes, Option<Usage>), Fault> {
    let mut stream = BytesMut::new();
    let protocol = dialect.protocol(exchange.asked.endpoint);
    let (events, usage) = match listed(protocol, body) {
        Some(list) => {
            checked(list.first().ok_or_else(|| half(&list))?, &[])?;
            (list.into_iter().map(|data| Frame { name: None, data }).collect(), None)
        }
        None => {
            let answer = checked(body, &[])?;
            (dialect.split(exchange.asked.endpoint, body)?, answer.usage)
        }
    };
    for event in events {
        let name = event.name.map(str::as_bytes);
        dialect.framing().write(protocol, &mut stream, name, &event.data);
    }
    // what is too long for the relay must be known before the head is out, while another try may be made
    let mut reader = StreamReader::new(dialect.framing(), exchange.routing.path.max_event_bytes);
    reader.feed(&stream, |_| {}).map_err(|e| Fault::InvalidAnswer { cause: e.to_string() })?;
    Ok((stream.freeze(), usage))
}

/// What is wrong with an array of events that is no whole answer.
pub(crate) fn half(list: &[Bytes]) -> Fault {
    let Some(last) = list.last() else {
        return Fault::InvalidAnswer { cause: "the stream ended before its first event".into() };
    };
    checked(last, &[]).err().unwrap_or(Fault::Truncated)
}

/// The events of a stream that is one array.
pub(crate) fn listed(protocol: Protocol, body: &Bytes) -> Option<Vec<Bytes>> {
    generate::listed(body).filter(|_| protocol == Protocol::GenerateContent)
}

/// An error event inside a stream, in any protocol of ours.
pub(crate) fn is_error(event: &Event<'_>) -> bool {
    event.name == Some(b"error") || look(event.data).error
}
