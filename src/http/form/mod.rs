//! Reads a form (`multipart/form-data`) with a file in it: its fields become a JSON object, which is scanned as any other
//! body is; its files go on as they come.
//!
//! *Live*: once a file begins and `model` is known, the rest of the form is sent upstream while it arrives, as it is, and what
//! fields still follow are read on the way (`live.rs`). *Held*: where the model stands behind the file (half of the clients put
//! it there), where hooks must see all fields, where the operator's settings for a deployment are about fields that may still
//! come, and where the whole form is small, it is read first (`held.rs`).

mod complaint;
mod fields;
mod held;
mod live;
mod reading;
mod spool;

use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Payload;
use millrace_actors::capabilities::Hooks;
use millrace_actors::desk::Desk;
use millrace_actors::fault::Fault;
use millrace_actors::wire::envelope::Endpoint;
use millrace_actors::wire::form::boundary;
use millrace_actors::wire::form::scanner::{Item, Scanner};

use super::body::is_unencoded;
use super::incoming::Incoming;
use complaint::bad;
use fields::Fields;
pub use reading::Form;
use reading::Reading;

/// The form up to its first file, or all of it.
///
/// # Errors
/// It is no form, too large, stalls, has no file, or a part of it is not as it must be.
pub async fn read((request, endpoint): (&HttpRequest, Endpoint), payload: Payload, desk: &Desk) -> Result<Form, Fault> {
    let boundary = boundary_of(request)?;
    let routing = desk.routing();
    let path = &routing.path;
    let body = Incoming::new(request, payload, path.max_request_bytes, path.body_idle_timeout)?;
    let kept = path.upload_replay_bytes;
    let scanner = Scanner::new(&boundary);
    let mut reading = Reading { body, scanner, fields: Fields::new(endpoint), boundary, kept };
    while let Some(item) = reading.next().await? {
        match item {
            Item::Part(head) if head.file => {
                reading.fields.file(&head)?;
                // nothing is awaited from here to the exchange's admission: it runs with the same hooks and deployments
                let small = reading.body.announced.is_some_and(|length| length <= kept as u64);
                let passes = reading.fields.text("model").is_some_and(|model| desk.routing().forms_pass(model));
                let must_wait = small || !passes || desk.callbacks().hooks.any(seeing());
                return match must_wait {
                    true => {
                        held::read(reading, head, path.spool.as_ref().map(|room| (room, path.upload_spool_bytes))).await
                    }
                    false => live::send(reading, &head),
                };
            }
            Item::Part(head) => reading.fields.begins(head)?,
            Item::Content(bytes) => reading.fields.takes(&bytes)?,
            Item::End => break,
        }
    }
    Err(bad("The form has no file. Send one as the part 'file', with a filename.".into(), Some("file")))
}

/// Hooks that must see the whole form, or its answer, before anything passes.
fn seeing() -> Hooks {
    Hooks::PRE_CALL | Hooks::DURING_CALL | Hooks::POST_CALL | Hooks::STREAM | Hooks::STREAM_CHUNK
}

fn boundary_of(request: &HttpRequest) -> Result<String, Fault> {
    is_unencoded(request)?;
    let kind = request.headers().get(CONTENT_TYPE).map(|kind| String::from_utf8_lossy(kind.as_bytes()));
    let kind = kind.unwrap_or_default();
    boundary::of(&kind).map_err(|why| {
        bad(format!("The body must be a form, `content-type: multipart/form-data; boundary=...`: {why}."), None)
    })
}
