//! What is counted for the price where it is not tokens: searches, pictures, characters, seconds of sound.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::endpoint::Billed;
use super::envelope::Envelope;

/// Counts besides tokens. `None`: the answer does not tell it, or it has not come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    /// Searches of a reranker.
    pub searches: Option<u64>,
    /// Pictures made.
    pub pictures: Option<u64>,
    /// Characters to be spoken: Unicode scalar values, as OpenAI's description of `input` bounds them.
    pub characters: Option<u64>,
    /// Seconds of sound, begun ones too.
    pub seconds: Option<u64>,
}

/// More than any provider takes in one call, so a count above it is a fault of the provider's.
const ABSURD: f64 = 1e9;

impl Extras {
    /// What the request alone tells.
    pub fn asked(billed: Billed, request: &Envelope) -> Self {
        match billed {
            Billed::Characters => {
                let text = request.field("input").and_then(|raw| serde_json::from_slice::<String>(raw).ok());
                Extras { characters: text.map(|text| text.chars().count() as u64), ..Extras::default() }
            }
            _ => Extras::default(),
        }
    }

    /// What a whole answer tells besides. A search that is not told of is one: nobody reranks for nothing.
    pub fn answered(self, billed: Billed, answer: &[u8]) -> Self {
        let told: Told<'_> = match billed {
            Billed::Searches | Billed::Pictures | Billed::Seconds => serde_json::from_slice(answer).unwrap_or_default(),
            Billed::Tokens | Billed::Nothing | Billed::Characters => return self,
        };
        match billed {
            Billed::Searches => {
                let units = told.meta.get("billed_units").and_then(|units| count(units.get("search_units")?));
                Extras { searches: Some(units.filter(|count| *count > 0).unwrap_or(1)), ..self }
            }
            Billed::Pictures => Extras { pictures: told.data.map(|data| data.len() as u64), ..self },
            _ => {
                Extras { seconds: told.usage.get("seconds").and_then(count).or_else(|| count(&told.duration)), ..self }
            }
        }
    }
}

/// The members of an answer that are counted.
#[derive(Default, Deserialize)]
struct Told<'a> {
    /// Cohere's `meta.billed_units.search_units`.
    #[serde(default)]
    meta: Value,
    /// OpenAI's pictures: not read, each may be megabytes.
    #[serde(borrow, default)]
    data: Option<Vec<&'a RawValue>>,
    /// OpenAI's `usage` of a transcription: `{"type": "duration", "seconds": 3}`.
    #[serde(default)]
    usage: Value,
    /// Seconds, of `verbose_json`.
    #[serde(default)]
    duration: Value,
}

/// A count, a fraction of one counted as one; nothing where it is negative, absurd or no number. (Some servers write numbers
/// as texts.)
fn count(value: &Value) -> Option<u64> {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    (0.0..=ABSURD).contains(&number).then_some(number.ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(billed: Billed, answer: &str) -> Extras {
        Extras::default().answered(billed, answer.as_bytes())
    }

    #[test]
    fn each_resource_tells_its_own_count() {
        assert_eq!(told(Billed::Searches, r#"{"meta":{"billed_units":{"search_units":3}}}"#).searches, Some(3));
        assert_eq!(told(Billed::Searches, r#"{"meta":{"billed_units":{"search_units":-3}}}"#).searches, Some(1));
        assert_eq!(told(Billed::Searches, "{}").searches, Some(1));
        assert_eq!(told(Billed::Pictures, r#"{"data":[{},{}]}"#).pictures, Some(2));
        assert_eq!(told(Billed::Pictures, "{}").pictures, None);
        assert_eq!(told(Billed::Seconds, r#"{"usage":{"type":"duration","seconds":3}}"#).seconds, Some(3));
        assert_eq!(told(Billed::Seconds, r#"{"duration":2.5,"usage":{"type":"tokens"}}"#).seconds, Some(3));
        assert_eq!(told(Billed::Seconds, r#"{"duration":"8.47"}"#).seconds, Some(9));
    }

    #[test]
    fn what_is_not_told_is_not_nought() {
        for answer in ["{}", "plain text", r#"{"usage":{"seconds":-1}}"#, r#"{"duration":1e300}"#] {
            assert_eq!(told(Billed::Seconds, answer).seconds, None, "{answer}");
        }
    }
}
