//! What a Claude model takes of the parameters, by its name: the API refuses a request that has others.
//!
//! Source: Anthropic's pages "Thinking", "Adaptive thinking", "Effort", "Structured outputs", "Mid-conversation system
//! messages", the migration guides up to Opus 5.5 and Sonnet 5.5, and the model overviews, as of 2026-11.

/// How a model can be made to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thinks {
    /// It cannot.
    Never,
    /// With a budget of tokens.
    Budget,
    /// With a budget or adaptively; it knows `output_config.effort`.
    Either,
    /// Adaptively only; it knows `output_config.effort`.
    Adaptive,
}

/// How it is told not to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Off {
    /// By saying nothing; the word for it may be refused.
    Silence,
    /// `thinking: {type: disabled}`.
    Disabled,
    /// `thinking: {type: between_tools}`, which leaves short notes between calls.
    BetweenTools,
    /// It always thinks; the lowest effort comes nearest.
    Impossible,
}

/// Which of `temperature`, `top_p` and `top_k` it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampling {
    /// All.
    Free,
    /// `temperature` or `top_p`, not both.
    OneOf,
    /// None but the defaults.
    Fixed,
}

/// What one family takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traits {
    /// How it thinks.
    pub thinks: Thinks,
    /// How it doesn't.
    pub off: Off,
    /// Whether it knows the effort `xhigh`.
    pub xhigh: bool,
    /// How it is sampled.
    pub sampling: Sampling,
    /// Whether it takes `output_config.format`.
    pub structured: bool,
    /// Whether it takes messages of role `system` among the others.
    pub mid_system: bool,
}

const fn traits(thinks: Thinks, off: Off, sampling: Sampling) -> Traits {
    Traits { thinks, off, xhigh: false, sampling, structured: true, mid_system: false }
}

const OLD: Traits = Traits { structured: false, ..traits(Thinks::Never, Off::Silence, Sampling::Free) };
const FIRST_TO_THINK: Traits = Traits { structured: false, ..traits(Thinks::Budget, Off::Disabled, Sampling::Free) };
const NEWEST: Traits =
    Traits { xhigh: true, mid_system: true, ..traits(Thinks::Adaptive, Off::Disabled, Sampling::Fixed) };
const ALWAYS: Traits = Traits { off: Off::Impossible, ..NEWEST };

/// The first prefix that fits counts. A dated name of the first Claude 4 begins with `-2`, Vertex' with `@`.
const FAMILIES: [(&str, Traits); 21] = [
    ("claude-3-7", FIRST_TO_THINK),
    ("claude-3", OLD),
    ("claude-2", OLD),
    ("claude-instant", OLD),
    ("claude-opus-4-1", Traits { sampling: Sampling::OneOf, ..FIRST_TO_THINK }),
    ("claude-opus-4-5", traits(Thinks::Budget, Off::Disabled, Sampling::OneOf)),
    ("claude-sonnet-4-5", traits(Thinks::Budget, Off::Disabled, Sampling::OneOf)),
    ("claude-haiku-4-5", traits(Thinks::Budget, Off::Disabled, Sampling::OneOf)),
    ("claude-opus-4-6", traits(Thinks::Either, Off::Disabled, Sampling::OneOf)),
    ("claude-sonnet-4-6", traits(Thinks::Either, Off::Disabled, Sampling::OneOf)),
    ("claude-opus-4-7", Traits { off: Off::Silence, mid_system: false, ..NEWEST }),
    ("claude-opus-4-8", Traits { off: Off::Silence, ..NEWEST }),
    ("claude-opus-4", FIRST_TO_THINK),
    ("claude-sonnet-4", FIRST_TO_THINK),
    ("claude-mythos-preview", Traits { xhigh: false, mid_system: false, ..ALWAYS }),
    ("claude-mythos", ALWAYS),
    ("claude-fable", ALWAYS),
    ("claude-opus-5-5", ALWAYS),
    ("claude-sonnet-5-5", Traits { off: Off::BetweenTools, ..NEWEST }),
    ("claude-sonnet-5", Traits { mid_system: false, ..NEWEST }),
    ("claude-", NEWEST),
];

/// What speaks this API and is no Claude: the form with a budget is the one that others know.
const FOREIGN: Traits = traits(Thinks::Budget, Off::Disabled, Sampling::Free);

/// What a model takes. A Claude that this table does not know is taken for one of the newest.
pub fn traits_of(model: &str) -> Traits {
    // `anthropic.claude-...` at Bedrock, `vendor/claude-...` elsewhere
    let Some(start) = model.find("claude-") else { return FOREIGN };
    let name = &model[start..];
    FAMILIES.iter().find(|(prefix, _)| name.starts_with(prefix)).map_or(NEWEST, |(_, traits)| *traits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_wherever_it_is_from() {
        for (model, thinks, off) in [
            ("claude-3-haiku-20240307", Thinks::Never, Off::Silence),
            ("claude-3-7-sonnet-latest", Thinks::Budget, Off::Disabled),
            ("claude-sonnet-4-20250514", Thinks::Budget, Off::Disabled),
            ("claude-opus-4@20250514", Thinks::Budget, Off::Disabled),
            ("claude-opus-4-6", Thinks::Either, Off::Disabled),
            ("us.anthropic.claude-opus-4-7-v1:0", Thinks::Adaptive, Off::Silence),
            ("claude-opus-5", Thinks::Adaptive, Off::Disabled),
            ("claude-opus-5-5", Thinks::Adaptive, Off::Impossible),
            ("claude-sonnet-5-5", Thinks::Adaptive, Off::BetweenTools),
            ("claude-fable-5-1", Thinks::Adaptive, Off::Impossible),
            ("claude-whatever-9", Thinks::Adaptive, Off::Disabled),
            ("MiniMax-M2", Thinks::Budget, Off::Disabled),
        ] {
            let traits = traits_of(model);
            assert_eq!((traits.thinks, traits.off), (thinks, off), "{model}");
        }
        let mid = ["claude-opus-4-8", "claude-opus-5", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-fable-5"];
        assert!(mid.iter().all(|model| traits_of(model).mid_system));
        let not = ["claude-opus-4-7", "claude-sonnet-5", "claude-sonnet-5-20260601", "claude-mythos-preview", "other"];
        assert!(!not.iter().any(|model| traits_of(model).mid_system));
    }
}
