//! What a provider's answer is made of, in a stream and whole: both are the same object.

use std::borrow::Cow;

use millrace_actors::fault::Fault;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// A response.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Response<'a> {
    #[serde(borrow, default)]
    pub candidates: Option<Vec<Candidate<'a>>>,
    #[serde(default)]
    pub prompt_feedback: Option<Feedback>,
    #[serde(borrow, default)]
    pub usage_metadata: Option<&'a RawValue>,
    #[serde(default)]
    pub model_version: Option<String>,
    #[serde(default)]
    pub response_id: Option<String>,
    #[serde(borrow, default)]
    pub error: Option<&'a RawValue>,
}

/// Why a prompt was refused.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Feedback {
    #[serde(default)]
    pub block_reason: Option<String>,
    #[serde(default)]
    pub block_reason_message: Option<String>,
}

/// One of `n` answers, or more of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate<'a> {
    #[serde(default)]
    pub index: Option<u32>,
    #[serde(borrow, default)]
    pub content: Option<Content<'a>>,
    #[serde(default)]
    pub finish_reason: Option<String>,
    #[serde(default)]
    pub citation_metadata: Option<Value>,
    #[serde(default)]
    pub grounding_metadata: Option<Value>,
    #[serde(default)]
    pub logprobs_result: Option<Value>,
}

impl Candidate<'_> {
    /// Searches of the web that it stands on.
    pub fn searches(&self) -> u64 {
        let queries = self.grounding_metadata.as_ref().and_then(|grounding| grounding["webSearchQueries"].as_array());
        queries.map_or(0, |queries| queries.len() as u64)
    }
}

/// What it says.
#[derive(Deserialize)]
pub struct Content<'a> {
    #[serde(borrow, default)]
    pub parts: Option<Vec<Part<'a>>>,
}

/// A part. Only those members are read into texts that are there.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part<'a> {
    #[serde(default)]
    pub text: Option<String>,
    #[serde(default)]
    pub thought: Option<bool>,
    #[serde(borrow, default)]
    pub thought_signature: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub function_call: Option<Call<'a>>,
    #[serde(default)]
    pub inline_data: Option<Blob>,
    #[serde(default)]
    pub file_data: Option<FileData>,
    #[serde(borrow, default)]
    pub executable_code: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub code_execution_result: Option<&'a RawValue>,
}

/// Bytes of a file, in base64.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Blob {
    #[serde(default)]
    pub mime_type: String,
    #[serde(default)]
    pub data: String,
}

/// A file elsewhere.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileData {
    #[serde(default)]
    pub mime_type: String,
    #[serde(default)]
    pub file_uri: String,
}

/// A call of a function.
#[derive(Deserialize)]
pub struct Call<'a> {
    #[serde(default)]
    pub id: Option<String>,
    #[serde(default)]
    pub name: String,
    #[serde(borrow, default)]
    pub args: Option<&'a RawValue>,
}

impl<'a> Response<'a> {
    /// Reads one.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(data: &'a [u8]) -> Result<Self, Fault> {
        serde_json::from_slice(data).map_err(|why| invalid(format!("the response cannot be read: {why}")))
    }
}

/// A fault of the provider's.
pub fn invalid(cause: impl Into<String>) -> Fault {
    Fault::InvalidAnswer { cause: cause.into() }
}
