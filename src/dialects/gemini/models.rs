//! What models differ in, told by their names.

/// A model's traits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traits {
    /// How it is told to think.
    pub thinks: Thinks,
    /// It refuses calls of functions in its history that it has not signed.
    pub signs: bool,
    /// It takes JSON schemas as they are, for the form of its answer.
    pub json_schema: bool,
    /// It takes pictures within what a function gave back.
    pub rich_results: bool,
}

/// How a model is told to think (Google's page "Thinking").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thinks {
    /// Not at all.
    Never,
    /// By a budget of tokens: the least there is (0: it can be turned off), and the most.
    Budget(u64, u64),
    /// By a level: the least word there is.
    Level(&'static str),
}

/// The traits of a model. A name that tells nothing (a tuned model's, an endpoint's) is taken for a model of 2.5.
pub fn traits_of(model: &str) -> Traits {
    let name = model.rsplit('/').next().unwrap_or(model);
    let Some(rest) = name.strip_prefix("gemini-") else {
        let thinks = if name.starts_with("gemma") { Thinks::Never } else { Thinks::Budget(0, 24_576) };
        return Traits { thinks, signs: false, json_schema: true, rich_results: false };
    };
    if rest.starts_with("1") || rest.starts_with("2.0") {
        return Traits {
            thinks: Thinks::Never,
            signs: false,
            json_schema: rest.starts_with("2.0"),
            rich_results: false,
        };
    }
    let old = rest.starts_with("2.") || !rest.starts_with(|first: char| first.is_ascii_digit());
    let thinks = match () {
        () if !old && rest.contains("flash") => Thinks::Level("minimal"),
        () if !old => Thinks::Level("low"),
        () if rest.contains("pro") => Thinks::Budget(128, 32_768),
        () => Thinks::Budget(0, 24_576),
    };
    Traits { thinks, signs: !old, json_schema: true, rich_results: !old }
}
