//! The resources that callers may ask for: one row of facts each, so that one more of them is one more row.

/// Which resource a request was sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// Chat completions.
    Chat,
    /// Text completions.
    Completions,
    /// Embeddings.
    Embeddings,
    /// Anthropic's messages.
    Messages,
    /// How many tokens Anthropic's messages would be: the same body.
    CountTokens,
    /// OpenAI's responses.
    Responses,
    /// Google's generateContent: `contents`. The model and whether a stream is wanted are in the path.
    Generate,
    /// How many tokens that would be: `contents`, or a whole request in `generateContentRequest`.
    CountContent,
    /// Documents in order of their bearing on a query (Cohere's and Jina's shape).
    Rerank,
    /// Whether a text or picture breaks the provider's rules.
    Moderations,
    /// Pictures made from a text.
    Images,
    /// A text spoken: the answer is sound.
    Speech,
    /// Sound written down.
    Transcriptions,
    /// Sound written down in English.
    Translations,
    /// A provider's own resource, whichever it is, with the operator's credential.
    PassThrough,
}

/// What the cast must know of a resource.
#[derive(Debug, PartialEq, Eq)]
pub struct Facts {
    /// LiteLLM's `call_type` (COMPAT section 2).
    pub call_type: &'static str,
    /// OpenTelemetry's `gen_ai.operation.name`: its own word where it has one, else LiteLLM's.
    pub operation: &'static str,
    /// What a message calls it: "..., which has no text completions".
    pub noun: &'static str,
    /// The fields that must be there.
    pub needs: &'static [Need],
    /// The model that the API's description names for requests without one.
    pub default_model: Option<&'static str>,
    /// What its answers are.
    pub answer: AnswerKind,
    /// The members of which one is in every whole answer that passes unread: an object without them is none. Empty where
    /// servers differ, or may leave out what is nought.
    pub holds: &'static [&'static str],
    /// Whether bodies and streams are written anew for a provider of another protocol. What is not is the same everywhere.
    pub translated: bool,
    /// Whether a model writes text in its answer, which is billed as output.
    pub writes: bool,
    /// What it costs besides the tokens that the answer tells of.
    pub billed: Billed,
}

/// A field that must be there, and which kinds of value it may have.
#[derive(Debug, PartialEq, Eq)]
pub struct Need {
    /// Its name.
    pub field: &'static str,
    /// What it must be, in words.
    pub want: &'static str,
    /// The first bytes of JSON values that fit.
    pub opens: &'static [u8],
}

/// What an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerKind {
    /// A JSON object: read whole, checked, the model's name made the caller's. Streams are the protocol's own.
    Object,
    /// The same; but its streams are the resource's own (no terminal event), and pass as they come.
    ObjectOrBytes,
    /// An object or, where the caller asked for it, a text; its streams pass as they come.
    TextOrBytes,
    /// Bytes, passed on as they come.
    Bytes,
}

/// How an answer goes to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Read whole, then checked.
    Whole,
    /// Event by event.
    Events,
    /// As it comes, whatever it is.
    Bytes,
}

/// What is counted for the price where a provider does not bill tokens alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Billed {
    /// Tokens and nothing else.
    Tokens,
    /// Nothing: the resource is free.
    Nothing,
    /// Each search: Cohere's unit, told in the answer, else one.
    Searches,
    /// Each picture in the answer.
    Pictures,
    /// Each character of `input`.
    Characters,
    /// Each second of sound, as the answer tells it.
    Seconds,
}

const TEXT: &[u8] = b"\"";
const LIST: &[u8] = b"[";
const TEXT_OR_LIST: &[u8] = b"\"[";

const MESSAGES: &[Need] = &[Need { field: "messages", want: "an array of messages", opens: LIST }];
const CHAT: Facts = Facts {
    call_type: "acompletion",
    operation: "chat",
    noun: "chat completions",
    needs: MESSAGES,
    default_model: None,
    answer: AnswerKind::Object,
    holds: &["choices"],
    translated: true,
    writes: true,
    billed: Billed::Tokens,
};
const COMPLETIONS: Facts = Facts {
    call_type: "atext_completion",
    operation: "text_completion",
    noun: "text completions",
    needs: &[Need { field: "prompt", want: "a string or an array", opens: TEXT_OR_LIST }],
    ..CHAT
};
const EMBEDDINGS: Facts = Facts {
    call_type: "aembedding",
    operation: "embeddings",
    noun: "embeddings",
    needs: &[Need { field: "input", want: "a string or an array", opens: TEXT_OR_LIST }],
    holds: &["data"],
    writes: false,
    ..CHAT
};
const MESSAGES_API: Facts = Facts { call_type: "anthropic_messages", noun: "messages", holds: &["content"], ..CHAT };
const COUNT_TOKENS: Facts = Facts {
    call_type: "acount_tokens",
    operation: "count_tokens",
    noun: "count of tokens",
    holds: &["input_tokens"],
    billed: Billed::Nothing,
    writes: false,
    ..CHAT
};
const RESPONSES: Facts = Facts {
    call_type: "aresponses",
    noun: "responses",
    needs: &[Need { field: "input", want: "a string or an array of items", opens: TEXT_OR_LIST }],
    holds: &["output"],
    ..CHAT
};
const GENERATE: Facts = Facts {
    call_type: "agenerate_content",
    operation: "generate_content",
    noun: "generateContent",
    needs: &[Need { field: "contents", want: "an array of contents", opens: LIST }],
    // a prompt that was blocked, and an answer that came to nothing, have no candidate
    holds: &["candidates", "promptFeedback", "usageMetadata"],
    ..CHAT
};
const COUNT_CONTENT: Facts = Facts { needs: &[], holds: &[], ..COUNT_TOKENS };
const RERANK: Facts = Facts {
    call_type: "arerank",
    operation: "rerank",
    noun: "reranking",
    needs: &[
        Need { field: "query", want: "a string", opens: b"\"{" },
        Need { field: "documents", want: "an array of documents", opens: LIST },
    ],
    holds: &[],
    translated: false,
    billed: Billed::Searches,
    writes: false,
    ..CHAT
};
const MODERATIONS: Facts = Facts {
    call_type: "amoderation",
    operation: "moderation",
    noun: "moderations",
    needs: &[Need { field: "input", want: "a string or an array", opens: TEXT_OR_LIST }],
    // OpenAI's description of `CreateModerationRequest`
    default_model: Some("omni-moderation-latest"),
    holds: &["results"],
    translated: false,
    writes: false,
    ..CHAT
};
const IMAGES: Facts = Facts {
    call_type: "aimage_generation",
    operation: "image_generation",
    noun: "images",
    needs: &[Need { field: "prompt", want: "a string", opens: TEXT }],
    // OpenAI's description of `CreateImageRequest`
    default_model: Some("dall-e-2"),
    answer: AnswerKind::ObjectOrBytes,
    holds: &["data"],
    translated: false,
    billed: Billed::Pictures,
    writes: false,
};
const SPEECH: Facts = Facts {
    call_type: "aspeech",
    operation: "speech",
    noun: "speech",
    needs: &[Need { field: "input", want: "a string", opens: TEXT }],
    answer: AnswerKind::Bytes,
    holds: &[],
    translated: false,
    billed: Billed::Characters,
    writes: false,
    ..CHAT
};
const TRANSCRIPTIONS: Facts = Facts {
    call_type: "atranscription",
    operation: "transcription",
    noun: "transcriptions",
    // the file is no member of the fields that are scanned; the reader of the form insists on it
    needs: &[],
    answer: AnswerKind::TextOrBytes,
    holds: &[],
    translated: false,
    billed: Billed::Seconds,
    ..CHAT
};
const TRANSLATIONS: Facts =
    Facts { call_type: "atranslation", operation: "translation", noun: "translations", ..TRANSCRIPTIONS };

const PASS_THROUGH: Facts = Facts {
    call_type: "pass_through_endpoint",
    operation: "pass_through",
    noun: "pass-through",
    // the provider says what it needs
    needs: &[],
    answer: AnswerKind::Bytes,
    holds: &[],
    translated: false,
    ..CHAT
};

impl Endpoint {
    /// Its row.
    pub const fn facts(self) -> &'static Facts {
        match self {
            Self::Chat => &CHAT,
            Self::Completions => &COMPLETIONS,
            Self::Embeddings => &EMBEDDINGS,
            Self::Messages => &MESSAGES_API,
            Self::CountTokens => &COUNT_TOKENS,
            Self::Responses => &RESPONSES,
            Self::Generate => &GENERATE,
            Self::CountContent => &COUNT_CONTENT,
            Self::Rerank => &RERANK,
            Self::Moderations => &MODERATIONS,
            Self::Images => &IMAGES,
            Self::Speech => &SPEECH,
            Self::Transcriptions => &TRANSCRIPTIONS,
            Self::Translations => &TRANSLATIONS,
            Self::PassThrough => &PASS_THROUGH,
        }
    }

    /// How its answer goes to a caller who asked for a stream, or did not.
    pub const fn way(self, stream: bool) -> Way {
        match (self.facts().answer, stream) {
            (AnswerKind::Bytes, _) | (AnswerKind::ObjectOrBytes | AnswerKind::TextOrBytes, true) => Way::Bytes,
            (AnswerKind::Object, true) => Way::Events,
            (_, false) => Way::Whole,
        }
    }

    /// Whether the body is a form (`multipart/form-data`) with a file in it.
    pub const fn is_form(self) -> bool {
        matches!(self, Self::Transcriptions | Self::Translations)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_conversations_stream_event_by_event() {
        assert_eq!(Endpoint::Chat.way(true), Way::Events);
        assert_eq!(Endpoint::Images.way(true), Way::Bytes);
        assert_eq!(Endpoint::Transcriptions.way(true), Way::Bytes);
        for stream in [true, false] {
            assert_eq!(Endpoint::Speech.way(stream), Way::Bytes);
        }
        for endpoint in [Endpoint::Chat, Endpoint::Images, Endpoint::Rerank, Endpoint::Transcriptions] {
            assert_eq!(endpoint.way(false), Way::Whole, "{endpoint:?}");
        }
    }
}
