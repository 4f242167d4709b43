//! Whose a signature of thought is. Providers refuse one that is not theirs, and with it the conversation; so what Gemini
//! signed is marked on its way through the model, and what others signed is wrapped on its way to a caller of Gemini's API,
//! whose clients take it for bytes and may spell them in another alphabet of base64.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

/// Stands before a signature of Gemini's, in the model and in every protocol but Gemini's own.
const GEMINI: &str = "gemini:";

/// Stands before what OpenAI sealed, as a signature or as a block that only it can read: an item's id, a colon, and its
/// `encrypted_content`.
const OPENAI: &str = "openai:";

/// What a wrapped signature begins with, once it is decoded.
const FOREIGN: &str = "millrace:";

/// What a wrapped block of thought that only its provider can read begins with.
const REDACTED: &str = "millrace-redacted:";

/// Stands before words that the caller did not ask to read and that nobody signed, as a block that only their provider can
/// read.
const UNSIGNED: &str = "millrace-thought:";

/// A signature as a caller of Gemini's API gave it back.
#[derive(Debug, PartialEq, Eq)]
pub enum Read {
    /// A signature, as the model has it.
    Signature(String),
    /// A block of thought that only its provider can read.
    Redacted(String),
}

/// Gemini's, for the model.
pub fn marked(signature: &str) -> String {
    format!("{GEMINI}{signature}")
}

/// Gemini's own word, if the signature is Gemini's.
pub fn of_gemini(signature: &str) -> Option<&str> {
    signature.strip_prefix(GEMINI)
}

/// What OpenAI sealed, for the model.
pub fn sealed_by_openai(id: &str, encrypted: &str) -> String {
    format!("{OPENAI}{id}:{encrypted}")
}

/// The id and the `encrypted_content`, if it is what OpenAI sealed.
pub fn of_openai(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix(OPENAI)?.split_once(':')
}

/// Words of thought as a block. In base64 so that a client shows them to nobody who did not ask; no secret, for they are the
/// model's own words to this caller.
pub fn sealed_words(words: &str) -> String {
    format!("{UNSIGNED}{}", STANDARD.encode(words))
}

/// The words, if the block is such.
pub fn words(data: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(data.strip_prefix(UNSIGNED)?).ok()?).ok()
}

/// A signature for a caller of Gemini's API.
pub fn wrapped(signature: &str) -> String {
    match of_gemini(signature) {
        Some(own) => own.to_owned(),
        None => STANDARD.encode(format!("{FOREIGN}{signature}")),
    }
}

/// A block of thought that only its provider can read, for a caller of Gemini's API.
pub fn wrapped_redacted(data: &str) -> String {
    STANDARD.encode(format!("{REDACTED}{data}"))
}

/// Whether a signature of a caller of Gemini's API is another provider's.
pub fn is_wrapped(text: &str) -> bool {
    match read(text) {
        Read::Signature(signature) => of_gemini(&signature).is_none(),
        Read::Redacted(_) => true,
    }
}

/// A signature of a caller of Gemini's API.
pub fn read(signature: &str) -> Read {
    let decoded = [STANDARD, URL_SAFE, STANDARD_NO_PAD, URL_SAFE_NO_PAD]
        .iter()
        .find_map(|alphabet| String::from_utf8(alphabet.decode(signature).ok()?).ok());
    match decoded {
        Some(text) if text.starts_with(FOREIGN) => Read::Signature(text[FOREIGN.len()..].to_owned()),
        Some(text) if text.starts_with(REDACTED) => Read::Redacted(text[REDACTED.len()..].to_owned()),
        _ => Read::Signature(marked(signature)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_comes_back_as_whose_it_was() {
        for signature in ["EqoB+/claude==", "gemini:CiQB+/x==", "plain"] {
            let given = wrapped(signature);
            assert_eq!(read(&given), Read::Signature(signature.to_owned()));
            // as a client that decodes and encodes bytes spells it
            let respelt = given.replace('+', "-").replace('/', "_");
            if of_gemini(signature).is_none() {
                assert_eq!(read(&respelt), Read::Signature(signature.to_owned()));
            }
        }
        assert_eq!(read(&wrapped_redacted("EmwK/+x")), Read::Redacted("EmwK/+x".to_owned()));
        assert_eq!(of_gemini("EqoB"), None);
        assert_eq!(words(&sealed_words("h\u{e9}\n")).as_deref(), Some("h\u{e9}\n"));
        assert_eq!((words("aGk="), words("millrace-thought:?")), (None, None));
    }
}
