//! Which protocol is spoken: by the load to the targets, and by the gateway to the provider. The two are independent.

/// A client protocol.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Protocol {
    /// OpenAI's chat completions
    #[default]
    Openai,
    /// Anthropic's messages
    Anthropic,
}

/// What the gateway that this command starts asks the mock provider in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Providers {
    /// OpenAI's chat completions
    #[default]
    Openai,
    /// Anthropic's messages
    Anthropic,
    /// Each in turn, by the name of the model: what is verbatim beside what is translated, in one process of the gateway
    Both,
}

impl Providers {
    /// The one protocol for all that is asked, for a load in `load`; with both, the models without a prefix are verbatim.
    pub fn plain(self, load: Protocol) -> Protocol {
        match self {
            Self::Openai => Protocol::Openai,
            Self::Anthropic => Protocol::Anthropic,
            Self::Both => load,
        }
    }
}

impl Protocol {
    /// Its name: LiteLLM's prefix of models whose provider speaks it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::Anthropic => "anthropic",
        }
    }

    /// What a model's name begins with where both providers are asked.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Openai => "openai/",
            Self::Anthropic => "anthropic/",
        }
    }

    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::Openai => Self::Anthropic,
            Self::Anthropic => Self::Openai,
        }
    }

    /// The path of a request.
    pub fn path(self) -> &'static str {
        match self {
            Self::Openai => "/v1/chat/completions",
            Self::Anthropic => "/v1/messages",
        }
    }

    /// The phases that can be measured in this protocol; nothing where all can.
    pub fn phases(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Openai => None,
            Self::Anthropic => Some(&["whole", "burst", "paced"]),
        }
    }
}
