//! OpenAI chat completions, as a dialect of translation.
