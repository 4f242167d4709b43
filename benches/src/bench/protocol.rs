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

impl Protocol {
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
