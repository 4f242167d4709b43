//! The one fault an exchange may have: its kind, and where it strikes.

use super::value::{Value, words};

/// A fault: what goes wrong and a number, whose meaning hangs on the kind (events, bytes, a status, megabytes).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// Where, or which: see each kind.
    pub arg: u64,
}

words! {
    /// What goes wrong.
    pub enum FaultKind {
        /// Nothing.
        #[default]
        None => "none",
        /// The request is read and never answered.
        Hang => "hang",
        /// The head is read, the body is not, no answer ever comes.
        Deaf => "deaf",
        /// After `arg` events no byte comes any more, the connection stays open.
        Stall => "stall",
        /// The connection ends after `arg` whole events.
        Cut => "cut",
        /// The connection ends after `arg` bytes of the wire answer, head included.
        CutByte => "cut-byte",
        /// The connection ends in the middle of event `arg`.
        MidChunk => "mid-chunk",
        /// The connection ends within the first multi-byte character at or after event `arg`.
        MidUtf8 => "mid-utf8",
        /// An error event instead of event `arg`, then a proper end of the body without the terminal event.
        ErrorEvent => "error-event",
        /// Event `arg` is not JSON.
        BadJson => "bad-json",
        /// A bit of the payload of frame `arg` is wrong (Bedrock).
        BadCrc => "bad-crc",
        /// A bit of the length of frame `arg` is wrong (Bedrock).
        BadPrelude => "bad-prelude",
        /// The body ends properly in the middle of frame `arg` (Bedrock).
        CutFrame => "cut-frame",
        /// The last event has no blank line after it; the body ends there.
        Unterminated => "unterminated",
        /// An event of `arg` mebibytes without a line end, in place of the first content.
        HugeEvent => "huge-event",
        /// The content never ends.
        Endless => "endless",
        /// After `arg` events only comments come, one per gap (at least 1 ms), for ever.
        Comments => "endless-comments",
        /// As `endless-comments`, with what the provider itself sends to keep a stream alive (Anthropic: pings).
        Pings => "endless-pings",
        /// An error object with status 200.
        ErrorBody => "error-body",
        /// An HTML page with status 200.
        Html => "html",
        /// An empty body with status 200.
        Empty => "empty",
        /// The body `null` with status 200.
        Null => "null",
        /// An object with status 200 that is neither an answer nor an error in any protocol's words.
        Strange => "strange",
        /// Bytes that are no HTTP.
        Garbage => "garbage",
        /// A body without any head.
        Http09 => "http09",
        /// A TLS alert.
        Tls => "tls",
        /// A 101 that nobody asked for, then bytes of the other protocol.
        Switch => "switch",
        /// An error answer with status `arg`.
        Status => "status",
        /// A redirect with status `arg` to `location`.
        Redirect => "redirect",
        /// An error answer with status `arg` as soon as the head is there, the body unread; then the connection ends.
        Early => "early",
    }
}

impl FaultKind {
    /// The number a kind has when none is written.
    fn default_arg(self) -> u64 {
        match self {
            Self::Status => 500,
            Self::Redirect => 307,
            Self::Early => 413,
            Self::HugeEvent => 16,
            Self::CutByte => 400,
            Self::Stall | Self::Cut | Self::MidChunk | Self::MidUtf8 | Self::BadJson | Self::ErrorEvent => 3,
            Self::BadCrc | Self::BadPrelude | Self::CutFrame => 3,
            _ => 0,
        }
    }

    /// What the number means, for the help; nothing for kinds that have none.
    pub fn arg_meaning(self) -> Option<&'static str> {
        match self {
            Self::Status | Self::Redirect | Self::Early => Some("STATUS"),
            Self::HugeEvent => Some("MEBIBYTES"),
            Self::CutByte => Some("BYTES"),
            Self::Stall | Self::Cut | Self::MidChunk | Self::MidUtf8 => Some("EVENTS"),
            Self::BadJson | Self::ErrorEvent | Self::Comments | Self::Pings => Some("EVENTS"),
            Self::BadCrc | Self::BadPrelude | Self::CutFrame => Some("EVENTS"),
            _ => None,
        }
    }
}

impl Fault {
    /// A fault of a kind that takes a number.
    pub fn at(kind: FaultKind, arg: u64) -> Self {
        Self { kind, arg }
    }

    /// An error answer with this status.
    pub fn status(code: u16) -> Self {
        Self::at(FaultKind::Status, u64::from(code))
    }

    /// The status this fault answers with, if it is one that sets it.
    pub fn code(self) -> Option<u16> {
        match self.kind {
            FaultKind::Status | FaultKind::Redirect | FaultKind::Early => u16::try_from(self.arg).ok(),
            _ => None,
        }
    }
}

impl From<FaultKind> for Fault {
    fn from(kind: FaultKind) -> Self {
        Self::at(kind, kind.default_arg())
    }
}

impl Value for Fault {
    fn read(text: &str) -> Result<Self, String> {
        if let Ok(code) = text.parse::<u16>() {
            return check(Self::status(code), text);
        }
        let (name, arg) = text.split_once(':').map_or((text, None), |(name, arg)| (name, Some(arg)));
        let unknown = |_| format!("`{name}` is no fault, status or switch; faults: {}", Self::forms());
        let kind = FaultKind::read(name).map_err(unknown)?;
        let fault = match arg {
            None => Self::from(kind),
            Some(_) if kind.arg_meaning().is_none() => return Err(format!("fault `{name}` takes no number")),
            Some(arg) => Self::at(kind, u64::read(arg)?),
        };
        check(fault, text)
    }
    fn show(&self) -> String {
        match self.kind.arg_meaning() {
            Some(_) => format!("{}:{}", self.kind.word(), self.arg),
            None => self.kind.word().to_owned(),
        }
    }
    fn forms() -> String {
        let form = |kind: &FaultKind| match kind.arg_meaning() {
            Some(meaning) => format!("{}:{meaning}", kind.word()),
            None => kind.word().to_owned(),
        };
        let all: Vec<_> = FaultKind::ALL.iter().map(|(kind, _)| form(kind)).collect();
        format!("{}|STATUS", all.join("|"))
    }
}

/// Refuses statuses that no HTTP/1.1 answer can have.
fn check(fault: Fault, text: &str) -> Result<Fault, String> {
    let sets_status = matches!(fault.kind, FaultKind::Status | FaultKind::Redirect | FaultKind::Early);
    if sets_status && !(200..=999).contains(&fault.arg) {
        return Err(format!("`{text}` is no status: use 200 to 999 (for 1xx use interim= or switch)"));
    }
    Ok(fault)
}
