//! The providers: one small file each, an `impl Dialect`, pure, bytes in and bytes out; and the table of what is known of
//! each. Servers that speak OpenAI's protocol share one dialect and differ in their rows.

pub mod anthropic;
pub mod bedrock;
mod compatible;
pub mod gemini;
pub mod openai;
pub mod own;
pub mod row;
mod rows;
pub mod segment;
pub mod table;
#[cfg(test)]
mod tests;
mod vertex;
pub mod words;
