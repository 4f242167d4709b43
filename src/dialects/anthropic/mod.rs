//! Anthropic messages, as a dialect of translation.
