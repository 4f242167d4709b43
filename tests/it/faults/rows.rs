//! The faults, and what must come of each.

use millrace_lab::order::{End, Spoken};

/// A fault.
pub struct Row {
    /// What the mock does.
    pub fault: &'static str,
    /// What the caller sees.
    pub want: Want,
    /// How the exchange may be settled.
    pub outcomes: &'static [&'static str],
    /// Providers whose protocol has no such thing.
    pub except: &'static [&'static str],
    /// A caller of the provider's own protocol gets it as it came.
    pub verbatim: bool,
    /// Callers whose protocol has no form for such an answer: to them it is an error.
    pub no_form: Option<Spoken>,
}

/// What a caller sees.
pub enum Want {
    /// A stream with this end, and one try.
    Stream(End),
    /// No stream: one of these statuses, after so many tries.
    Status(&'static [u16], u64),
}

/// Binary frames have no lines and no events of text.
const FRAMED: &[&str] = &["bedrock"];
/// Its streams have no terminal event: the end of the body is one.
const ENDLESS: &[&str] = &["gemini"];
/// All but binary frames.
const UNFRAMED: &[&str] = &["openai", "anthropic", "openai/responses", "gemini", "cohere", "ollama_chat"];

const fn row(fault: &'static str, want: Want, outcomes: &'static [&'static str]) -> Row {
    Row { fault, want, outcomes, except: &[], verbatim: false, no_form: None }
}

const fn cut(fault: &'static str) -> Row {
    row(fault, Want::Stream(End::Error), &["truncated"])
}

const fn broken(fault: &'static str) -> Row {
    row(fault, Want::Stream(End::Error), &["upstream_error"])
}

const fn whole(fault: &'static str) -> Row {
    row(fault, Want::Stream(End::Whole), &["ok"])
}

const fn refused(fault: &'static str, statuses: &'static [u16], tries: u64) -> Row {
    row(fault, Want::Status(statuses, tries), &["upstream_error", "truncated"])
}

impl Row {
    const fn but(mut self, except: &'static [&'static str]) -> Self {
        self.except = except;
        self
    }

    const fn verbatim(mut self) -> Self {
        self.verbatim = true;
        self
    }

    const fn no_form(mut self, caller: Spoken) -> Self {
        self.no_form = Some(caller);
        self
    }

    /// What such a caller sees, and how the exchange may be settled.
    pub fn wanted(&self, caller: Spoken) -> (&Want, &'static [&'static str]) {
        match self.no_form == Some(caller) {
            true => (&Want::Stream(End::Error), &["upstream_error"]),
            false => (&self.want, self.outcomes),
        }
    }
}

/// Faults behind the first event: the head is out.
pub const STREAMS: [Row; 26] = [
    // S12, U29: the end is missing, however the connection ends
    cut("chunks=9,cut:4"),
    cut("chunks=9,cut:4,how=rst"),
    cut("chunks=9,mid-chunk:4"),
    cut("chunks=9,alphabet=emoji,mid-utf8:4"),
    cut("chunks=9,done=missing").but(ENDLESS),
    cut("chunks=9,framing=no-last-chunk,cut:4"),
    // U16: the terminal event counts, and not what was promised behind it
    whole("chunks=9,framing=length-high").but(ENDLESS),
    // S10, S11: the provider says that it failed
    broken("chunks=9,error-event:4,message=the model fell over"),
    // S9: what cannot be read
    broken("chunks=9,bad-json:4").but(FRAMED).verbatim(),
    // S8: more than an event may be
    broken("chunks=9,huge-event:1"),
    // S20: damaged frames
    broken("chunks=9,bad-crc:4").but(UNFRAMED),
    broken("chunks=9,bad-prelude:4").but(UNFRAMED),
    cut("chunks=9,cut-frame:4").but(UNFRAMED),
    // S1 to S5: the same stream in other bytes
    whole("chunks=4,eol=crlf"),
    whole("chunks=4,eol=cr").but(&["bedrock", "ollama_chat"]),
    whole("chunks=3,slice=1,alphabet=mixed"),
    whole("chunks=4,framing=close"),
    whole("chunks=4,interim=103"),
    // S13, S14: more behind the end
    whole("chunks=4,done=twice"),
    whole("chunks=4,done=junk"),
    // S15, S17: finish and usage, missing or twice
    whole("chunks=4,usage=absent").verbatim(),
    whole("chunks=4,usage=negative").verbatim(),
    whole("chunks=4,finish=twice").verbatim(),
    whole("chunks=0,tool-calls=2").verbatim().no_form(Spoken::Completions),
    // S16: halves of a character
    whole("chunks=3,alphabet=emoji,escape=lone").verbatim(),
    // S22: a whole answer, though a stream was asked for
    whole("chunks=4,shape=json"),
];

/// Faults before the first event: there is a status to tell, and another try to make.
pub const REFUSED: [Row; 20] = [
    refused("400,message=so it was", &[400], 1),
    refused("401,message=so it was", &[401, 502], 1),
    refused("404,message=so it was", &[404], 1),
    refused("429,retry-after=0", &[429], 2),
    refused("429,retry-after=date:-5", &[429], 2),
    refused("500", &[500], 2),
    refused("503,retry-after=0", &[503], 2),
    refused("529", &[503, 529], 2),
    refused("garbage", &[502], 2),
    refused("http09", &[502], 2),
    refused("tls", &[502], 2),
    refused("switch", &[502], 2),
    refused("redirect:307", &[502], 2),
    refused("html", &[502], 2),
    refused("null", &[502], 2),
    refused("error-body", &[500, 502], 2),
    refused("strange", &[502], 2),
    // a whole answer that is more than an event may be
    refused("chunks=4,chunk-bytes=40000,shape=json", &[502], 2),
    refused("chunks=9,cut:0", &[502], 2),
    refused("chunks=9,error-event:0", &[429, 500, 502, 503, 529], 2),
];

/// U5, S18: nothing comes.
pub const LATE: [Row; 2] = [
    row("chunks=9,stall:4", Want::Stream(End::Error), &["timeout"]),
    row("hang", Want::Status(&[408, 504], 2), &["timeout"]),
];
