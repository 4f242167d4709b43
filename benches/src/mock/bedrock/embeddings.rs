//! `InvokeModel` of models of embeddings: Titan's form and Cohere's, after the user guide (2026-11).

use super::super::{job::Job, openai::answers::floats, writer::Refusal};

/// The answer in the form of whoever made the model.
pub fn whole(job: &Job<'_>) -> String {
    let dimensions = job.asked.dimensions.unwrap_or(job.behaviour.dimensions).clamp(1, 65_536);
    if is_cohere(job) {
        let all: Vec<_> = (0..job.asked.input.0.min(96)).map(|index| floats(index, dimensions)).collect();
        return format!(
            "{{\"id\":\"x\",\"embeddings\":{{\"float\":[{}]}},\"response_type\":\"embeddings_by_type\"}}",
            all.join(",")
        );
    }
    let (vector, tokens) = (floats(0, dimensions), job.tokens(0, 0).prompt);
    format!("{{\"embedding\":{vector},\"embeddingsByType\":{{\"float\":{vector}}},\"inputTextTokenCount\":{tokens}}}")
}

/// What each maker insists on.
///
/// # Errors
/// It is not there.
pub fn check(job: &Job<'_>) -> Result<(), Refusal> {
    let asked = job.asked;
    let missing = match is_cohere(job) {
        true if asked.input.0 == 0 => Some("texts"),
        true if asked.input_type.is_none() => Some("input_type"),
        false if !asked.input_text => Some("inputText"),
        _ => None,
    };
    missing.map_or(Ok(()), |key| {
        Err(Refusal { status: 400, message: format!("Malformed input request: required key [{key}] not found") })
    })
}

fn is_cohere(job: &Job<'_>) -> bool {
    job.asked.model.as_deref().is_some_and(|model| model.contains("cohere."))
}
