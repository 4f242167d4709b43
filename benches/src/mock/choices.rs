//! The word lists of the behaviour grammar: every knob that takes one of a few values.

use super::value::words;

words! {
    /// Where usage stands in the answer.
    pub enum UsagePlace {
        /// As OpenAI: always in a whole answer, in a stream only when `include_usage` asks for it. As Anthropic: in both, of
        /// a stream the prompt's in the first event and all of it, cumulative, in `message_delta`.
        #[default]
        Asked => "asked",
        /// In a last chunk with empty `choices`, asked for or not. Anthropic: in `message_delta` only, zeros before.
        Final => "final",
        /// Cumulative in every chunk. Anthropic: in a `message_delta` after each piece of content.
        Every => "every",
        /// Nowhere, even when asked for.
        Absent => "absent",
        /// In the finish chunk, whose `choices` are not empty. Anthropic: `message_delta` has the output's only.
        Finish => "finish",
        /// In its place, with negative numbers.
        Negative => "negative",
        /// In its place, with numbers near 10^18 and a total that does not add up.
        Absurd => "absurd",
    }
}

words! {
    /// What the `model` field of the answer says.
    pub enum ModelField {
        /// The model that was asked for (and `model_suffix`, if the server has one).
        #[default]
        Echo => "echo",
        /// Another model: `mock-other`.
        Other => "other",
        /// No such field.
        Absent => "absent",
        /// The model that was asked for and a date, as `gpt-4o` is answered with `gpt-4o-2024-08-06`.
        Dated => "dated",
    }
}

words! {
    /// The characters that generated content is made of.
    pub enum Alphabet {
        /// Lower-case words.
        #[default]
        Ascii => "ascii",
        /// Four-byte characters, some joined to families.
        Emoji => "emoji",
        /// Three-byte characters.
        Cjk => "cjk",
        /// Quotes, backslashes, control characters and all of the above.
        Mixed => "mixed",
        /// The text `data: [DONE]` over and over.
        Done => "done",
    }
}

words! {
    /// How characters outside ASCII stand in the JSON of the answer.
    pub enum Escape {
        /// As UTF-8.
        #[default]
        Utf8 => "utf8",
        /// As `\u` escapes, surrogate pairs kept in one chunk.
        Ascii => "ascii",
        /// As `\u` escapes, each half of a surrogate pair in a chunk of its own.
        Lone => "lone",
    }
}

words! {
    /// What a tool is called with.
    pub enum Arguments {
        /// An object with escapes and characters of every length.
        #[default]
        Full => "full",
        /// An empty object.
        Empty => "empty",
        /// Nothing at all: no piece of arguments comes.
        None => "none",
        /// An object with one text, `input`: what a function is given that stands for a custom tool.
        Input => "input",
    }
}

words! {
    /// Why the answer ends.
    pub enum Stop {
        /// It is complete, or tools are to be called.
        #[default]
        Auto => "auto",
        /// The limit of tokens is reached.
        Length => "length",
        /// A stop sequence is met: the first of the request's, `###` if it has none.
        Sequence => "sequence",
        /// The model declines; what content there is says so.
        Refusal => "refusal",
        /// A filter cuts it (Anthropic has none and says that the model declines).
        Filter => "filter",
        /// A long turn pauses (Anthropic).
        Pause => "pause",
        /// The context window is full (Anthropic).
        Window => "window",
    }
}

words! {
    /// How often a choice says that it is finished.
    pub enum Finish {
        /// Once.
        #[default]
        Once => "once",
        /// Never.
        Missing => "missing",
        /// Twice.
        Twice => "twice",
    }
}

words! {
    /// How the stream says that it is over.
    pub enum Done {
        /// One `data: [DONE]`, or one event `message_stop`.
        #[default]
        Once => "once",
        /// None; the HTTP body ends properly.
        Missing => "missing",
        /// Two of them.
        Twice => "twice",
        /// `data:  [DONE] ` with more blanks than usual (so too for `message_stop`).
        Spaced => "spaced",
        /// One, and another chunk of content after it.
        Then => "then",
        /// One, and bytes that are no event after it.
        Junk => "junk",
    }
}

words! {
    /// Whole answer or stream, against what was asked.
    pub enum Shape {
        /// As asked.
        #[default]
        Auto => "auto",
        /// A whole JSON answer though a stream was asked for.
        Json => "json",
        /// A stream though a whole answer was asked for.
        Sse => "sse",
    }
}

words! {
    /// What a server that speaks OpenAI's protocol does otherwise than OpenAI.
    pub enum Quirk {
        /// Nothing.
        #[default]
        None => "none",
        /// Thought is told as `reasoning`.
        Reasoning => "reasoning",
        /// Thought is told as `reasoning`, and again as `reasoning_details`, signed.
        Details => "details",
        /// Usage stands within `x_groq`, an object of the provider's own.
        Beside => "beside",
        /// Usage stands within the choice.
        Within => "within",
        /// Each chunk tells all so far as well, as `message`.
        Cumulative => "cumulative",
        /// Sources are listed beside the choices, in each chunk.
        Sources => "sources",
    }
}

words! {
    /// How a connection ends when a fault ends it.
    pub enum How {
        /// An orderly FIN.
        #[default]
        Fin => "fin",
        /// A reset (SO_LINGER 0).
        Rst => "rst",
    }
}

words! {
    /// How the end of the HTTP body is told.
    pub enum Framing {
        /// Streams chunked, whole answers with a content-length.
        #[default]
        Auto => "auto",
        /// Chunked in either case.
        Chunked => "chunked",
        /// A content-length in either case.
        Length => "length",
        /// By closing, announced with `connection: close`.
        Close => "close",
        /// By closing, announced by nothing.
        CloseSilent => "close-silent",
        /// Chunked, but the last chunk (zero) never comes: FIN instead.
        NoLastChunk => "no-last-chunk",
        /// A content-length 64 above what is sent, then the end.
        LengthHigh => "length-high",
        /// A content-length 16 below what is sent.
        LengthLow => "length-low",
        /// A content-length and transfer-encoding: chunked, the body chunked.
        LengthAndChunked => "cl-te",
        /// Two content-lengths that differ.
        TwoLengths => "two-lengths",
        /// Proper, then 24 bytes more after the body.
        Extra => "extra",
        /// Chunked, usage in a trailer after the last chunk.
        Trailer => "trailer",
    }
}

words! {
    /// The content-encoding, which nobody asked for.
    pub enum Encoding {
        /// None.
        #[default]
        Plain => "plain",
        /// Proper gzip.
        Gzip => "gzip",
        /// Says gzip, is not.
        BadGzip => "bad-gzip",
        /// Gzip that starts well and is cut in the middle.
        CutGzip => "cut-gzip",
        /// Gzip of 64 MiB of zeros.
        Bomb => "gzip-bomb",
    }
}

words! {
    /// The line ends of a stream.
    pub enum Eol {
        /// LF.
        #[default]
        Lf => "lf",
        /// CR LF.
        CrLf => "crlf",
        /// CR.
        Cr => "cr",
        /// LF, CR LF and CR in turn.
        Mixed => "mixed",
    }
}

words! {
    /// When a connection that has had its number of requests is closed.
    pub enum CloseOn {
        /// At once after the answer.
        #[default]
        Answer => "answer",
        /// When the first byte of the next request arrives.
        Next => "next",
    }
}

words! {
    /// What follows when a script has been played to its end.
    pub enum ScriptEnd {
        /// The server's behaviour, as if there had been no script.
        #[default]
        Default => "default",
        /// The last behaviour of the script, for ever.
        RepeatLast => "repeat-last",
    }
}
