//! What is wrong with a configuration: every complaint at once, for people and for programs.

use std::fmt;

use serde::Serialize;

use super::model::{Notice, Place};

/// All that was found. `Err(Report)` holds at least one error.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// In the order of files and lines.
    pub complaints: Vec<Complaint>,
    /// How many more there are; only the first 200 are kept.
    pub left_off: usize,
}

/// One thing that is wrong, or worth knowing.
#[derive(Clone, Debug)]
pub struct Complaint {
    /// Stable code, such as `MR1042`.
    pub code: &'static str,
    /// Whether it stops the start.
    pub severity: Severity,
    /// The key it is about, as a dotted path; empty where there is none.
    pub key: String,
    /// What is wrong, without secrets.
    pub message: String,
    /// What to do.
    pub help: String,
    /// Where.
    pub place: Place,
    /// How many characters to underline, at least 1.
    pub width: u32,
    /// The line as written, with every value that may be a secret masked; `None` where there is no line.
    pub line: Option<String>,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The configuration is refused.
    Error,
    /// It is accepted; the operator should read this once.
    Notice,
}

/// One complaint as `--json` gives it.
#[derive(Serialize)]
struct JsonComplaint<'a> {
    code: &'a str,
    severity: Severity,
    file: String,
    line: u32,
    column: u32,
    key: &'a str,
    message: &'a str,
    help: &'a str,
}

impl Report {
    /// Whether anything in it stops the start.
    pub fn has_errors(&self) -> bool {
        self.complaints.iter().any(|complaint| complaint.severity == Severity::Error)
    }

    /// A JSON array of `{code, severity, file, line, column, key, message, help}`.
    pub fn to_json(&self) -> String {
        let rows: Vec<JsonComplaint<'_>> = self.complaints.iter().map(JsonComplaint::from).collect();
        // Strings and numbers only: serializing cannot fail, and an empty array would be a lie if it did.
        serde_json::to_string_pretty(&rows).unwrap_or_else(|error| format!("[{{\"message\":\"{error}\"}}]"))
    }

    /// The notices of a configuration that was accepted, so that they can be printed like complaints.
    pub fn of_notices(notices: &[Notice]) -> Self {
        Self { complaints: notices.iter().map(Complaint::from).collect(), left_off: 0 }
    }

    /// The notices, as the resolved configuration keeps them.
    pub(super) fn notices(&self) -> Vec<Notice> {
        let notices = self.complaints.iter().filter(|complaint| complaint.severity == Severity::Notice);
        notices.map(Complaint::to_notice).collect()
    }
}

impl Complaint {
    fn to_notice(&self) -> Notice {
        let message =
            if self.help.is_empty() { self.message.clone() } else { format!("{}; {}", self.message, self.help) };
        Notice { code: self.code, key: self.key.clone(), message, place: self.place.clone() }
    }
}

impl From<&Notice> for Complaint {
    fn from(notice: &Notice) -> Self {
        Self {
            code: notice.code,
            severity: Severity::Notice,
            key: notice.key.clone(),
            message: notice.message.clone(),
            help: String::new(),
            place: notice.place.clone(),
            width: 1,
            line: None,
        }
    }
}

impl<'a> From<&'a Complaint> for JsonComplaint<'a> {
    fn from(complaint: &'a Complaint) -> Self {
        Self {
            code: complaint.code,
            severity: complaint.severity,
            file: complaint.place.file.display().to_string(),
            line: complaint.place.line,
            column: complaint.place.column,
            key: &complaint.key,
            message: &complaint.message,
            help: &complaint.help,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Notice => "notice",
        })
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {} {}: {}", self.place, self.severity, self.code, self.message)?;
        if let Some(line) = &self.line {
            let number = self.place.line.to_string();
            let room = " ".repeat(number.len());
            let column = usize::try_from(self.place.column.saturating_sub(1)).unwrap_or(0);
            // A tab keeps its width only if the line below it has a tab at the same place.
            let lead: String = line.chars().take(column).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            let left = line.chars().count().saturating_sub(column).max(1);
            let carets = "^".repeat(usize::try_from(self.width).unwrap_or(1).clamp(1, left));
            writeln!(f, "{room} |\n{number} | {line}\n{room} | {lead}{carets}")?;
        }
        if !self.help.is_empty() {
            writeln!(f, "  help: {}", self.help)?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for complaint in &self.complaints {
            writeln!(f, "{complaint}")?;
        }
        let errors = self.complaints.iter().filter(|complaint| complaint.severity == Severity::Error).count();
        let notices = self.complaints.len() - errors;
        write!(f, "{} and {}", counted(errors, "error"), counted(notices, "notice"))?;
        if self.left_off > 0 {
            write!(f, ", and {} more that are not shown", self.left_off)?;
        }
        Ok(())
    }
}

impl std::error::Error for Report {}

/// `1 error`, `2 errors`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
