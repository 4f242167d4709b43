//! What is known of a provider before anything is asked of it: one [`Row`] each. The configuration, the dialects and
//! `docs/providers.md` are all made from these rows, so that they cannot disagree.

use millrace_actors::wire::envelope::Endpoint;

/// A provider.
#[derive(Debug)]
pub struct Row {
    /// Its name, as LiteLLM writes it before the slash in `model:`; also its label in prices, metrics and headers.
    pub name: &'static str,
    /// Other prefixes that mean the same.
    pub aliases: &'static [&'static str],
    /// Which protocol is spoken to it.
    pub speaks: Speaks,
    /// Its own address, without a slash at its end; nothing where the operator must say where it runs.
    pub base: Option<&'static str>,
    /// Variables that may hold an address; the first that is set counts.
    pub base_variables: &'static [&'static str],
    /// Variables that may hold a key; the first that is set counts.
    pub key_variables: &'static [&'static str],
    /// Whether its own address answers without a key: a server on the operator's own machine.
    pub keyless: bool,
    /// What it serves.
    pub endpoints: &'static [Endpoint],
    /// Where it differs from OpenAI, if it speaks OpenAI's protocol.
    pub traits: Traits,
    /// What people want to know of it.
    pub shown: Shown,
}

/// The protocol that is spoken to a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// OpenAI's chat completions, completions and embeddings.
    OpenAi,
    /// Anthropic's messages.
    Anthropic,
    /// Google's generateContent.
    Gemini,
    /// As [`Speaks::OpenAi`], by Azure's paths and credentials.
    Azure,
    /// Cohere's chat, version 2.
    Cohere,
    /// Ollama's own API.
    Ollama,
    /// Google Cloud: the protocol of whoever made the model.
    Vertex,
    /// Amazon Bedrock's Converse.
    Converse,
}

impl Speaks {
    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            Speaks::OpenAi => "OpenAI",
            Speaks::Anthropic => "Anthropic messages",
            Speaks::Gemini => "Google generateContent",
            Speaks::Azure => "OpenAI",
            Speaks::Cohere => "Cohere v2",
            Speaks::Ollama => "Ollama's own",
            Speaks::Vertex => "generateContent; Anthropic messages for Claude",
            Speaks::Converse => "Bedrock Converse",
        }
    }
}

/// Where a server that speaks OpenAI's protocol differs from OpenAI. From LiteLLM's lists of what each takes (COMPAT 9),
/// and from the providers' own documentation.
#[derive(Debug)]
pub struct Traits {
    /// Parameters that it refuses or leaves without effect.
    pub lacks: &'static [&'static str],
    /// What its `/responses` refuses or leaves without effect, where it has them.
    pub responses_lack: &'static [&'static str],
    /// The same as `lacks` for some models only.
    pub model_lacks: fn(&str) -> &'static [&'static str],
    /// OpenAI's parameters that have another name here.
    pub renames: &'static [(&'static str, &'static str)],
    /// Members that every chat request gets unless the caller or the operator gives them: name and raw JSON.
    pub sets: &'static [(&'static str, &'static str)],
    /// The words that it understands in `tool_choice`. A named function is understood where `function` is among them.
    pub tool_choice: &'static [&'static str],
    /// It understands `stream_options`. Where it does not, it tells usage unasked.
    pub stream_options: bool,
    /// It takes the role `developer`; elsewhere the message becomes a `system` one, which means the same.
    pub developer: bool,
    /// It takes a text given as a list of parts; elsewhere a list of texts becomes one text.
    pub parts: bool,
    /// It takes `name` in messages that are not a tool's.
    pub names: bool,
    /// Put before a model's name in chat and text completions, unless the name begins so.
    pub model_prefix: &'static str,
    /// What the path of its address ends with; added where the operator left it out.
    pub base_ends: &'static str,
    /// How an assistant's thought is handed back to it.
    pub thought: Thought,
    /// It tells in `usage.cost` what it bills, in US dollars.
    pub states_cost: bool,
}

/// How a server of OpenAI's protocol takes back the thought of an earlier turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thought {
    /// As `reasoning_content`, the field most of them have.
    Content,
    /// As `reasoning`.
    Reasoning,
    /// Not at all: it refuses members of messages that it does not know.
    Nothing,
    /// As `reasoning_details`: blocks with their signatures (OpenRouter's "Preserving reasoning blocks").
    Details,
}

/// Whatever OpenAI's own server takes.
pub const PLAIN: Traits = Traits {
    lacks: &[],
    responses_lack: &[],
    model_lacks: |_| &[],
    renames: &[],
    sets: &[],
    tool_choice: &["auto", "none", "required", "function"],
    stream_options: true,
    developer: true,
    parts: true,
    names: true,
    model_prefix: "",
    base_ends: "",
    thought: Thought::Content,
    states_cost: false,
};

/// What `docs/providers.md` says of a provider besides what its row says anyway.
#[derive(Debug)]
pub struct Shown {
    /// The provider, as it writes its own name.
    pub title: &'static str,
    /// Calls of tools.
    pub tools: &'static str,
    /// Pictures in a prompt.
    pub vision: &'static str,
    /// Thought: how it is told.
    pub reasoning: &'static str,
    /// Caching of prompts: how it is asked for and told.
    pub caching: &'static str,
    /// Credentials, where they are more than a key.
    pub credentials: &'static str,
}
