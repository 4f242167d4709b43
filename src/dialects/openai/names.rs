//! What a model takes, read off its name: all that is known of the server behind an OpenAI-compatible address.
//!
//! A list of what is taken, not of what is refused: a server that does not know a field may answer 400.

/// What may be written for a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Takes {
    /// OpenAI's own model: its API refuses fields that it does not know, such as `top_k` and `reasoning_content`.
    pub only_openai: bool,
    /// `max_completion_tokens` in place of `max_tokens` (OpenAI's description: `max_tokens` "is not compatible with
    /// o-series models").
    pub completion_tokens: bool,
    /// `cache_control`, `thinking` and `thinking_blocks`: a Claude behind LiteLLM, OpenRouter and their like.
    pub cache_control: bool,
    /// `prompt_cache_breakpoint` (OpenAI's description, `PromptCacheOptionsParam`: "`gpt-5.6` and later models").
    pub breakpoints: bool,
    /// `web_search_options`: models made for it (OpenAI's guide "Web search").
    pub searches: bool,
    /// The least that it can think: the word of `reasoning_effort`; nothing where there is nothing to turn off.
    pub least_effort: Option<&'static str>,
}

impl Takes {
    /// What the model of this name takes, whatever stands before a slash in it.
    pub fn of(model: &str) -> Self {
        let name = model.rsplit('/').next().unwrap_or(model).to_ascii_lowercase();
        let name = name.strip_prefix("ft:").unwrap_or(&name);
        let thinker = ["o1", "o3", "o4"].iter().any(|family| name.starts_with(family));
        let gpt = name.strip_prefix("gpt-").filter(|rest| !rest.starts_with("oss"));
        let version = gpt.map(version);
        let fifth = name.starts_with("gpt-5");
        let chats = name.starts_with("gpt-5-chat");
        Takes {
            only_openai: thinker || gpt.is_some() || name.starts_with("chatgpt"),
            completion_tokens: thinker || fifth,
            cache_control: name.contains("claude"),
            // a word of the name: there are models that research
            searches: name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == "search"),
            breakpoints: version >= Some((5, 6)),
            least_effort: match version {
                _ if thinker => Some("low"),
                // as ChatGPT has it, which does not think
                _ if chats => None,
                Some((5, 0)) => Some("minimal"),
                Some(version) if version > (5, 0) => Some("none"),
                _ => None,
            },
        }
    }
}

impl Takes {
    /// OpenAI's own model, and one that does not think: of any other nothing is known.
    pub fn thoughtless(&self) -> bool {
        self.only_openai && self.least_effort.is_none()
    }
}

/// `5.6-mini` is (5, 6), `4o` is (4, 0).
fn version(name: &str) -> (u32, u32) {
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0);
    let minor = name.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix('.').map_or(0, digits);
    (digits(name), minor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_is_taken() {
        let newer = ["o1", "o3-mini", "openai/o4-mini", "gpt-5", "gpt-5.6-mini", "openrouter/openai/gpt-5"];
        for model in newer {
            assert!(Takes::of(model).completion_tokens && Takes::of(model).only_openai, "{model}");
        }
        for model in ["gpt-4o", "gpt-3.5-turbo", "chatgpt-4o-latest", "ft:gpt-4o:acme::x"] {
            assert!(!Takes::of(model).completion_tokens && Takes::of(model).only_openai, "{model}");
        }
        for model in ["gpt-oss-120b", "qwen3", "deepseek-reasoner", "openai/gpt-oss-20b", "olmo", ""] {
            assert!(!Takes::of(model).completion_tokens && !Takes::of(model).only_openai, "{model}");
        }
        assert!(Takes::of("anthropic/claude-sonnet-4-5").cache_control);
        let searches = ["gpt-4o-search-preview", "gpt-5-search-api", "tongyi-deepresearch-30b", "sonar-deep-research"];
        assert_eq!(searches.map(|m| Takes::of(m).searches), [true, true, false, false]);
        let breakpoints = ["gpt-5.5", "gpt-5.6", "gpt-5.10", "gpt-6", "gpt-4.1", "gpt-99999999999"];
        assert_eq!(breakpoints.map(|m| Takes::of(m).breakpoints), [false, true, true, true, false, false]);
        let least = ["o3", "gpt-5-mini", "gpt-5.1", "gpt-5-chat-latest", "gpt-4o", "qwen3"].map(Takes::of);
        assert_eq!(least.map(|m| m.least_effort), [Some("low"), Some("minimal"), Some("none"), None, None, None]);
        assert_eq!(least.map(|m| m.thoughtless()), [false, false, false, true, true, false]);
    }
}
