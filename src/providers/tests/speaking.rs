//! For each dialect a provider that speaks it. The fuzz crate takes this file in by its path, so it names nothing but what this
//! crate shows to everyone.

use millrace_actors::deployment::Dialect;

use crate::providers::anthropic::{Anthropic, Host};
use crate::providers::bedrock::Bedrock;
use crate::providers::gemini::{Gemini, Place};
use crate::providers::openai::OpenAi;
use crate::providers::own::OwnDialect;
use crate::providers::table::Provider;
use crate::providers::words;

/// The provider for the row of this name. OpenAI's answers whoever does not speak as it does in chats.
pub fn provider(row: &str) -> Box<dyn Dialect> {
    let named = |name| Provider::named(name).expect("a provider").row();
    let open = |name| OpenAi { row: named(name), responses: false, chats: true, older: false, deployments: false };
    match row {
        "openai" => Box::new(open("openai")),
        "responses" => Box::new(OpenAi { responses: true, chats: false, ..open("openai") }),
        "text" => Box::new(OpenAi { chats: false, ..open("text-completion-openai") }),
        "anthropic" => Box::new(Anthropic { host: Host::Anthropic }),
        "gemini" => Box::new(Gemini { name: "gemini", place: Place::Studio }),
        "bedrock" => Box::new(Bedrock { region: "eu-west-1".to_owned() }),
        "cohere" => Box::new(OwnDialect { row: named("cohere"), how: &words::COHERE }),
        name => Box::new(OwnDialect { row: named(name), how: &words::OLLAMA }),
    }
}
