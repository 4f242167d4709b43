//! One call to one deployment: encode, send, and tell an answer from a fault.

use std::cell::Cell;
use std::pin::pin;
use std::slice;
use std::time::{Duration, Instant, SystemTime};

use actix_http::header::{CONTENT_TYPE, RETRY_AFTER};
use bytes::{Bytes, BytesMut};
use tokio::time::Instant as TokioInstant;

use crate::account::Through;
use crate::answered::{Answered, Called, Open, Whole};
use crate::capabilities::Hooks;
use crate::credential::{self, Token};
use crate::deployment::{Deployment, Unsigned};
use crate::desk::Desk;
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::hold::Hold;
use crate::plan::Candidate;
use crate::ports::{Dialect, EncodeCall, Encoded};
use crate::relay::mid_stream_error;
use crate::shape::{checked, gathered, is_error, wrap};
use crate::tally;
use crate::unusable;
use crate::upload::Upload;
use crate::upstream::{Method, UpstreamHeaders, UpstreamRequest, UpstreamResponse};
use crate::wire::answer::{Answer, UpstreamError};
use crate::wire::billable::Extras;
use crate::wire::endpoint::{AnswerKind, Way};
use crate::wire::envelope::Endpoint;
use crate::wire::framing::{Framing, StreamReader};
use crate::wire::notes::Notes;
use crate::wire::pieces::Pieces;
use crate::wire::protocol::Protocol;
use crate::wire::usage::Usage;
use crate::wire::{restamp, scan};
use crate::within::{BATCH_BYTES, Within, fault_of};

/// The most that is read of an error answer: its message, not a document.
const ERROR_BODY: usize = 256 << 10;

/// The longest `retry-after` we repeat to a caller or cool down for (FAULTS U21): an hour.
const RETRY_AFTER_MAX: f64 = 3600.0;

/// The call, that `began` just now. Its head, and a stream's first event, must be here by one deadline.
pub(crate) async fn call(
    exchange: &mut Exchange,
    candidate: &Candidate,
    hold: &Hold,
    began: Instant,
) -> Result<Called, Fault> {
    let deployment = &candidate.deployment;
    let stream = exchange.way() == Way::Events;
    if is_counted_here(exchange.asked.endpoint, &*deployment.dialect) {
        return Ok(counted_here(exchange).await);
    }
    let path = &exchange.routing.path;
    let (limit, phase) = match stream {
        true => (deployment.stream_timeout.unwrap_or(path.first_token_timeout), "first_token"),
        false => (deployment.timeout.unwrap_or(path.total_timeout), "head"),
    };
    // a deadline behind the whole exchange's, which the attempt loop keeps, would be a timer that never fires
    let strikes = began + limit < exchange.asked.started + path.total_timeout;
    let deadline = TokioInstant::from_std(began + limit);
    let token = credential::ready(exchange, candidate, hold, deadline).await?;
    // with a plain key there is no token and no wait, and the clock is not read for it
    let waited = if token.is_some() { began.elapsed() } else { Duration::ZERO };
    let (method, mut encoded) = match &exchange.asked.through {
        Some(through) => (through.method.clone(), passed(exchange, candidate, through, token.as_deref())?),
        None => (Method::POST, encoded(exchange, candidate, stream, token.as_deref())?),
    };
    encoded.headers.extend(token.as_ref().and_then(|token| token.header()));
    let upload = exchange.asked.upload.clone();
    let moved_by = upload.clone().map(|upload| (upload, limit));
    let within = Within { deadline, strikes, phase, token, upload: moved_by, error_head: Cell::default() };
    exchange.progress.notes = encoded.notes;
    let path_and_query = match exchange.asked.through {
        // with the operator's base and query in it already
        Some(_) => encoded.path.to_string(),
        None => path_and_query(deployment, &encoded.path),
    };
    let request = UpstreamRequest {
        origin: &deployment.origin,
        path_and_query: &path_and_query,
        method,
        headers: &deployment.headers,
        more_headers: &encoded.headers,
        body: encoded.body.parts(),
        upload: upload.as_ref(),
        stall: path.idle_timeout,
        head_deadline: strikes.then(|| limit.saturating_sub(waited)),
    };
    let encoding = began.elapsed().saturating_sub(waited);
    exchange.progress.extras = Extras::asked(exchange.asked.endpoint.facts().billed, &exchange.asked.envelope);
    let answered = answered(exchange, candidate, hold, &request, &within).await;
    exchange.progress.error_head = within.error_head.take();
    let answered = answered?;
    let (own, ended) = own_work(&answered);
    Ok(Called { own: encoding + own, ended, answered })
}

/// Sends the request, and takes what comes for what was asked.
async fn answered(
    exchange: &mut Exchange,
    candidate: &Candidate,
    hold: &Hold,
    request: &UpstreamRequest<'_>,
    within: &Within,
) -> Result<Answered, Fault> {
    match exchange.way() {
        Way::Events => {
            let opened = {
                let opened = pin!(open(exchange, candidate, request, within));
                hold.over(exchange, opened).await
            };
            let (open, usage) = opened?;
            exchange.progress.usage = usage;
            exchange.progress.first_event = Some(Instant::now());
            Ok(Answered::Stream(open))
        }
        Way::Whole => {
            let response = head(exchange.desk(), candidate, request, within).await?;
            match streams_late(exchange, &response, candidate) {
                true => {
                    exchange.asked.envelope.becomes_stream();
                    exchange.progress.first_event = Some(Instant::now());
                    Ok(Answered::Bytes(first_bytes(response, within, false).await?))
                }
                false => whole(exchange, response, candidate, within).await,
            }
        }
        Way::Bytes => {
            let response = head(exchange.desk(), candidate, request, within).await?;
            exchange.progress.first_event = Some(Instant::now());
            Ok(Answered::Bytes(first_bytes(response, within, exchange.asked.through.is_some()).await?))
        }
    }
}

/// The call as the dialect writes it.
fn encoded(exchange: &Exchange, candidate: &Candidate, stream: bool, token: Option<&Token>) -> Result<Encoded, Fault> {
    let deployment = &candidate.deployment;
    let asks_usage = exchange.routing.path.always_include_stream_usage.unwrap_or(true);
    deployment.dialect.encode(&EncodeCall {
        protocol: exchange.asked.protocol,
        headers: &exchange.asked.headers,
        endpoint: exchange.asked.endpoint,
        envelope: &exchange.asked.envelope,
        boundary: exchange.asked.boundary.as_deref(),
        deployment,
        model: &candidate.model,
        max_output_tokens: exchange
            .translated_by(&*deployment.dialect)
            .then(|| deployment.max_output_tokens(&exchange.routing.prices, &candidate.model))
            .flatten(),
        stream_usage: stream && asks_usage,
        token,
    })
}

/// The call as the caller wrote it, signed where the provider wants that.
fn passed(
    exchange: &Exchange,
    candidate: &Candidate,
    through: &Through,
    token: Option<&Token>,
) -> Result<Encoded, Fault> {
    let deployment = &candidate.deployment;
    let body = match exchange.asked.upload {
        Some(_) => Bytes::new(),
        None => exchange.asked.envelope.body().clone(),
    };
    let mut headers = exchange.asked.headers.clone();
    // the caller's goes before the deployment's, as it does when they are sent
    let kind = headers.iter().chain(&*deployment.headers).find(|(name, _)| *name == CONTENT_TYPE);
    let signature = deployment.dialect.signed(&Unsigned {
        deployment,
        method: through.method.as_str(),
        path_and_query: &through.path_and_query,
        content_type: kind.and_then(|(_, value)| value.to_str().ok()),
        body: &body,
        token,
    })?;
    headers.extend(signature);
    Ok(Encoded {
        path: through.path_and_query.clone().into(),
        headers,
        body: if body.is_empty() { Pieces::default() } else { Pieces::from(body) },
        notes: Notes::default(),
    })
}

/// The operator's address, the dialect's resource and the operator's query; a query of the dialect's own goes first.
fn path_and_query(deployment: &Deployment, path: &str) -> String {
    let query = match path.contains('?') {
        true => deployment.query.replacen('?', "&", 1),
        false => deployment.query.clone(),
    };
    [&*deployment.base_path, path, &*query].concat()
}

/// Whether a count is asked for that the provider does not make, or not in the words of its caller.
fn is_counted_here(asked: Endpoint, dialect: &dyn Dialect) -> bool {
    match asked {
        Endpoint::CountTokens => !dialect.counts_tokens(),
        Endpoint::CountContent => dialect.protocol(asked) != Protocol::GenerateContent,
        _ => false,
    }
}

/// The count of tokens that a provider does not make.
async fn counted_here(exchange: &mut Exchange) -> Called {
    let began = Instant::now();
    let tokens = tally::asked(exchange).await;
    // nothing was written or billed; that it is an estimate is all there is to tell
    exchange.progress.usage = Some(Usage { estimated: true, ..Usage::default() });
    let name = if exchange.asked.endpoint == Endpoint::CountContent { "totalTokens" } else { "input_tokens" };
    let body = Bytes::from(format!("{{\"{name}\":{tokens}}}"));
    let ended = Instant::now();
    let own = ended - began;
    Called { answered: Answered::Whole(Whole { body, headers: UpstreamHeaders::default(), own, ended }), own, ended }
}

/// Sends the request, and waits for the head of a proper answer.
async fn head(
    desk: &Desk,
    candidate: &Candidate,
    request: &UpstreamRequest<'_>,
    within: &Within,
) -> Result<UpstreamResponse, Fault> {
    let upload = request.upload;
    let sent = desk.upstream.call(request).await;
    // what failed on the caller's side outweighs what the provider made of half a request
    if let Some(fault) = upload.and_then(Upload::failure) {
        return Err(fault);
    }
    let mut response = sent.map_err(|f| match upload.is_some_and(|upload| !upload.is_sent()) {
        // it was not even asked
        true => fault_of(f, "upload"),
        false => fault_of(f, within.phase),
    })?;
    accept(&mut response, candidate, within).await?;
    Ok(response)
}

/// The same for a stream, up to its first event; and its usage, if that is known so soon.
async fn open(
    exchange: &Exchange,
    candidate: &Candidate,
    request: &UpstreamRequest<'_>,
    within: &Within,
) -> Result<(Open, Option<Usage>), Fault> {
    let response = head(exchange.desk(), candidate, request, within).await?;
    let framing = candidate.deployment.dialect.framing();
    match response.is_stream(framing) {
        true => Ok((first_event(exchange, response, framing, within).await?, None)),
        false => wrap(exchange, response, candidate, within).await,
    }
}

/// The gateway's own work on an answer, and when it was here.
fn own_work(answered: &Answered) -> (Duration, Instant) {
    match answered {
        Answered::Whole(whole) => (whole.own, whole.ended),
        Answered::Stream(_) | Answered::Bytes(_) => (Duration::ZERO, Instant::now()),
    }
}

/// What the head of an error tells the caller (COMPAT 3.6), but for what repeats the credential we sent (I9).
fn told(headers: &mut UpstreamHeaders, deployment: &Deployment) -> UpstreamHeaders {
    let mut told = UpstreamHeaders::default();
    for (name, value) in std::mem::take(headers) {
        if value.to_str().is_ok_and(|text| deployment.redact(text) == text) {
            told.append(name, value);
        }
    }
    told
}

/// Anything but a 2xx is a fault.
async fn accept(response: &mut UpstreamResponse, candidate: &Candidate, within: &Within) -> Result<(), Fault> {
    let invalid = |cause: String| Err(Fault::InvalidAnswer { cause });
    let deployment = &candidate.deployment;
    match response.status {
        200..=299 => match response.content_encoding() {
            Some(encoding) => invalid(format!("it is encoded as {encoding}, which was not asked for")),
            None => Ok(()),
        },
        status @ (401 | 403) => {
            if let (Some(credential), Some(token)) = (&deployment.credential, &within.token) {
                credential.refused(token, Instant::now());
            }
            within.error_head.set(told(&mut response.headers, deployment));
            Err(Fault::Credentials { status, deployment: deployment.id.to_string() })
        }
        status @ 300..=399 => invalid(format!("it is a redirect ({status}), and redirects are not followed")),
        status @ 400..=599 => {
            let retry_after = retry_after(&response.headers);
            let body = match response.content_encoding() {
                Some(_) => Bytes::new(),
                None => within.limit(response.read_all(ERROR_BODY)).await.unwrap_or_default(),
            };
            let mut error = UpstreamError::parse(&body);
            if error.kind.is_none() {
                error.kind = deployment.dialect.kind_in(&response.headers);
            }
            within.error_head.set(told(&mut response.headers, deployment));
            Err(Fault::Provider { status, error, retry_after })
        }
        status => invalid(format!("its status is {status}")),
    }
}

/// Whether the provider was asked for a stream by a field that stood behind the file, where nobody had read it yet. Where
/// hooks look at answers a form is read before it is sent, so nothing passes them.
fn streams_late(exchange: &Exchange, response: &UpstreamResponse, candidate: &Candidate) -> bool {
    let hooks = Hooks::POST_CALL | Hooks::STREAM | Hooks::STREAM_CHUNK;
    exchange.asked.upload.is_some()
        && exchange.own_kind()
        && response.is_stream(candidate.deployment.dialect.framing())
        && !exchange.hooked(hooks)
}

/// A whole answer, checked and in the client's words; collected, if it came as a stream though none was asked for.
async fn whole(
    exchange: &mut Exchange,
    mut response: UpstreamResponse,
    candidate: &Candidate,
    within: &Within,
) -> Result<Answered, Fault> {
    let dialect = &candidate.deployment.dialect;
    let facts = exchange.asked.endpoint.facts();
    let events = response.is_stream(dialect.framing());
    let body = within.limit(response.read_all(exchange.routing.path.max_response_bytes)).await?;
    let began = Instant::now();
    let noted = |exchange: &Exchange, body: &Bytes, fault| unusable::noted(exchange, slice::from_ref(body), fault);
    let limit = exchange.routing.path.max_event_bytes;
    let body = gathered(&**dialect, exchange.asked.endpoint, (&body, events), limit)
        .map_err(|fault| noted(exchange, &body, fault))?;
    // a text, where the caller may have asked for one, is not looked at
    let text = facts.answer == AnswerKind::TextOrBytes && !response.is_json();
    // a dialect that reads the answer says itself what it lacks
    let members = if exchange.translated_by(&**dialect) { &[] } else { facts.holds };
    let answer = if text {
        Answer::default()
    } else {
        checked(&body, members).map_err(|fault| noted(exchange, &body, fault))?
    };
    exchange.progress.extras = exchange.progress.extras.answered(facts.billed, &body);
    let told = answer.usage.or_else(|| dialect.usage(&body));
    let mut body = match (!exchange.translated_by(&**dialect), answer.model.is_empty()) {
        (false, _) => {
            let (to, mut facts) = (exchange.asked.protocol, exchange.answer_facts());
            if let Some(vectors) = &mut facts.vectors {
                vectors.tokens = dialect.tokens_in(&response.headers);
            }
            let translated = dialect.translate(to, facts, &body, &mut exchange.progress.notes);
            translated.map_err(|fault| noted(exchange, &body, fault))?
        }
        (true, true) => body,
        (true, false) => restamped(&body, &answer.model, exchange.shown_model()),
    };
    // a count that stands elsewhere in the provider's protocol was brought into the caller's
    let carried = || Answer::scan(&body).ok()?.usage.filter(|usage| usage.total_tokens > 0);
    let told = told.or_else(carried);
    exchange.progress.usage = Some(match (exchange.asked.endpoint, told) {
        // nothing was written, and nothing read but to be counted
        (Endpoint::CountTokens, None) => Usage::default(),
        (_, Some(usage)) if tally::will_do(Some(&usage)) => usage,
        (_, told) => tally::whole(exchange, &body, told).await,
    });
    if exchange.hooked(Hooks::POST_CALL) {
        let facts = exchange.facts();
        for callback in exchange.callbacks.with(Hooks::POST_CALL) {
            if let Some(changed) = callback.post_call(&facts, &body).await.map_err(Fault::Refused)? {
                body = changed;
            }
        }
    }
    let ended = Instant::now();
    Ok(Answered::Whole(Whole { body, headers: std::mem::take(&mut response.headers), own: ended - began, ended }))
}

/// The answer with the client's name of the model, copied once.
fn restamped(body: &Bytes, spans: &[std::ops::Range<usize>], shown: &str) -> Bytes {
    let mut out = BytesMut::new();
    restamp::splice(body, spans, scan::quoted(shown).as_bytes(), &mut out);
    out.freeze()
}

/// The first bytes of an answer: until they are here, another deployment may be tried. An answer without any byte is no
/// sound and no stream.
async fn first_bytes(mut response: UpstreamResponse, within: &Within, may_be_empty: bool) -> Result<Open, Fault> {
    let mut batch = Vec::new();
    let more = within.limit(response.next_batch(&mut batch, BATCH_BYTES)).await?;
    match batch.is_empty() && !may_be_empty {
        true => Err(Fault::InvalidAnswer { cause: "it is empty".into() }),
        false => Ok(Open { response, batch, more }),
    }
}

/// A stream's first event: until it is here, an error keeps its own status, and another deployment may be tried.
async fn first_event(
    exchange: &Exchange,
    mut response: UpstreamResponse,
    framing: Framing,
    within: &Within,
) -> Result<Open, Fault> {
    let path = &exchange.routing.path;
    let noted = |cause, raw: &[Bytes]| unusable::noted(exchange, raw, Fault::InvalidAnswer { cause });
    let mut reader = StreamReader::new(framing, path.max_event_bytes);
    let mut batch = Vec::new();
    let mut first = None;
    let mut before = 0;
    loop {
        let fed = batch.len();
        let more = within.limit(response.next_batch(&mut batch, BATCH_BYTES)).await?;
        for chunk in &batch[fed..] {
            if first.is_some() {
                // the relay reads them all
                break;
            }
            let seen = reader.feed(chunk, |event| {
                first.get_or_insert_with(|| match is_error(&event) {
                    true => Err(mid_stream_error(event.data)),
                    false => Ok(()),
                });
            });
            seen.map_err(|e| noted(e.to_string(), slice::from_ref(chunk)))?;
            before += chunk.len();
        }
        match first {
            Some(Ok(())) => break,
            Some(Err(fault)) => return Err(fault),
            // comments and empty blocks are no event, so the reader's own bound never meets them; they are kept like one
            None if before > path.max_event_bytes => {
                let cause = format!("more than {} bytes came before its first event", path.max_event_bytes);
                return Err(noted(cause, &batch));
            }
            None if !more => return Err(noted("the stream ended before its first event".into(), &batch)),
            None => {}
        }
    }
    Ok(Open { response, batch, more: true })
}

/// `retry-after-ms`, or `retry-after` as seconds or as a date (RFC 9110, 10.2.3), in whole seconds, rounded up.
/// Negative, absurd and unreadable values count as absent or are clamped.
fn retry_after(headers: &UpstreamHeaders) -> Option<u32> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let seconds = match text("retry-after-ms").and_then(|ms| ms.parse::<f64>().ok()) {
        Some(ms) => ms / 1000.0,
        None => {
            let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
            match value.parse::<f64>() {
                Ok(seconds) => seconds,
                Err(_) => httpdate::parse_http_date(value).ok()?.duration_since(SystemTime::now()).ok()?.as_secs_f64(),
            }
        }
    };
    (seconds.is_finite() && seconds >= 0.0).then(|| seconds.min(RETRY_AFTER_MAX).ceil() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_http::header::{HeaderName, HeaderValue};

    #[test]
    fn u21_each_form_of_retry_after() {
        let read = |name: &'static str, value: &str| {
            let mut headers = UpstreamHeaders::default();
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
            retry_after(&headers)
        };
        let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(30));
        for (name, value, want) in [
            ("retry-after", "7", Some(7)),
            ("retry-after", "1.2", Some(2)),
            ("retry-after", "1000000000", Some(3600)),
            ("retry-after", "-5", None),
            ("retry-after", "NaN", None),
            ("retry-after", "inf", None),
            ("retry-after", "soon", None),
            ("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT", None),
            ("retry-after-ms", "1500", Some(2)),
            ("retry-after-ms", "0", Some(0)),
        ] {
            assert_eq!(read(name, value), want, "{name}: {value}");
        }
        assert!((28..=30).contains(&read("retry-after", &date).unwrap()));
    }
}
