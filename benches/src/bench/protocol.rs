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
    /// The same with every protocol that a provider speaks
    All,
}

impl Providers {
    /// The one protocol for all that is asked, for a load in `load`; with several, the models without a prefix are verbatim.
    pub fn plain(self, load: Protocol) -> Upstream {
        match self {
            Self::Openai => Upstream::Openai,
            Self::Anthropic => Upstream::Anthropic,
            Self::Both | Self::All => load.upstream(),
        }
    }

    /// Those that take turns, what is verbatim for a load in `load` first; none where all is asked in one.
    pub fn each(self, load: Protocol) -> Vec<Upstream> {
        let among: &[Upstream] = match self {
            Self::Openai | Self::Anthropic => return Vec::new(),
            Self::Both => &[Upstream::Openai, Upstream::Anthropic],
            Self::All => &Upstream::ALL,
        };
        let own = load.upstream();
        [own].into_iter().chain(among.iter().copied().filter(|each| *each != own)).collect()
    }
}

/// A protocol that a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upstream {
    /// OpenAI's chat completions.
    Openai,
    /// Anthropic's messages.
    Anthropic,
    /// OpenAI's responses.
    Responses,
    /// Google's generateContent.
    Gemini,
    /// Amazon's Converse, in frames of an event stream.
    Bedrock,
    /// Cohere's chat, version 2.
    Cohere,
    /// Ollama's own chat, a line of JSON an event.
    Ollama,
}

impl Upstream {
    const ALL: [Self; 7] =
        [Self::Openai, Self::Anthropic, Self::Responses, Self::Gemini, Self::Bedrock, Self::Cohere, Self::Ollama];

    /// What a model's name begins with whose provider speaks it, as LiteLLM writes it.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Openai => "openai/",
            Self::Anthropic => "anthropic/",
            Self::Responses => "openai/responses/",
            Self::Gemini => "gemini/",
            Self::Bedrock => "bedrock/",
            Self::Cohere => "cohere/",
            Self::Ollama => "ollama_chat/",
        }
    }

    /// Its name in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::Anthropic => "anthropic",
            Self::Responses => "responses",
            Self::Gemini => "gemini",
            Self::Bedrock => "bedrock",
            Self::Cohere => "cohere",
            Self::Ollama => "ollama",
        }
    }

    /// Whether LiteLLM's addresses of it end in `/v1`.
    pub fn is_versioned(self) -> bool {
        matches!(self, Self::Openai | Self::Responses)
    }
}

impl Protocol {
    /// What a provider speaks to which it passes as it is.
    pub fn upstream(self) -> Upstream {
        match self {
            Self::Openai => Upstream::Openai,
            Self::Anthropic => Upstream::Anthropic,
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
