//! What a translation could not carry over as it was written, by the caller or by its provider, for `x-millrace-params` and the log record: nothing is
//! lost in silence.

use std::fmt;

/// What became of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Did {
    /// It is not in the provider's request: the dialect has no such thing.
    Dropped,
    /// It is, with the nearest value that the dialect takes.
    Clamped,
    /// It is, under another name or in another form with the same meaning.
    Renamed,
    /// The caller did not give it, but the dialect insists on one.
    Defaulted,
}

impl Did {
    const ALL: [Did; 4] = [Did::Dropped, Did::Clamped, Did::Renamed, Did::Defaulted];

    fn word(self) -> &'static str {
        match self {
            Did::Dropped => "dropped",
            Did::Clamped => "clamped",
            Did::Renamed => "renamed",
            Did::Defaulted => "defaulted",
        }
    }
}

/// One parameter's fate.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Note {
    /// The parameter as the caller's dialect calls it (for [`Did::Defaulted`], as the provider's does): a top-level field's
    /// name, or a path such as `messages.name`. Always from a fixed set of names or cut to 64 bytes of printable ASCII,
    /// since it goes into a header.
    pub param: String,
    /// What became of it.
    pub did: Did,
    /// What it became, or why: a few words for the log.
    pub detail: String,
}

/// The notes of one translation, each parameter once per fate.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Notes(Vec<Note>);

/// Longest name of a parameter that a note keeps, bytes.
const MAX_PARAM: usize = 64;

impl Notes {
    /// Takes down one fate. A second note on the same parameter and fate says nothing new and is left out.
    pub fn add(&mut self, param: &str, did: Did, detail: &str) {
        let printable = |c: &char| c.is_ascii_graphic() && !matches!(c, '"' | ';' | ',' | '=');
        let param: String = param.chars().filter(printable).take(MAX_PARAM).collect();
        if !self.0.iter().any(|note| note.param == param && note.did == did) {
            self.0.push(Note { param, did, detail: detail.to_owned() });
        }
    }

    /// Takes down all that others took down.
    pub fn extend(&mut self, others: &Notes) {
        others.iter().for_each(|note| self.add(&note.param, note.did, &note.detail));
    }

    /// Names a parameter as its caller does; but not one that the caller did not give.
    pub fn rename(&mut self, from: &str, to: &str) {
        let (renamed, rest): (Vec<Note>, Vec<Note>) =
            self.0.drain(..).partition(|note| note.param == from && note.did != Did::Defaulted);
        self.0 = rest;
        renamed.into_iter().for_each(|note| self.add(to, note.did, &note.detail));
    }

    /// The parameters that are not carried at all, in order: what `drop_params` decides about.
    pub fn dropped(&self) -> impl Iterator<Item = &Note> {
        self.0.iter().filter(|note| note.did == Did::Dropped)
    }

    /// All of them, in the order taken.
    pub fn iter(&self) -> impl Iterator<Item = &Note> {
        self.0.iter()
    }

    /// Nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The value of `x-millrace-params`: `dropped=seed,logit_bias; defaulted=max_tokens`.
impl fmt::Display for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = 0;
        for did in Did::ALL {
            let params: Vec<&str> = self.0.iter().filter(|note| note.did == did).map(|n| n.param.as_str()).collect();
            if !params.is_empty() {
                let gap = if parts > 0 { "; " } else { "" };
                write!(f, "{gap}{}={}", did.word(), params.join(","))?;
                parts += 1;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_read_as_a_header_and_repeat_nothing() {
        let mut notes = Notes::default();
        notes.add("seed", Did::Dropped, "no such parameter");
        notes.add("max_tokens", Did::Defaulted, "4096");
        notes.add("logit_bias", Did::Dropped, "no such parameter");
        notes.add("seed", Did::Dropped, "again");
        notes.add("evil\r\nset-cookie: a=b; \u{e9}", Did::Dropped, "");
        assert_eq!(notes.to_string(), "dropped=seed,logit_bias,evilset-cookie:ab; defaulted=max_tokens");
        assert_eq!(notes.dropped().count(), 3);
        notes.rename("logit_bias", "seed");
        assert_eq!(notes.to_string(), "dropped=seed,evilset-cookie:ab; defaulted=max_tokens");
        notes.add("max_tokens", Did::Clamped, "8192");
        notes.rename("max_tokens", "limit");
        assert_eq!(notes.to_string(), "dropped=seed,evilset-cookie:ab; clamped=limit; defaulted=max_tokens");
    }
}
