//! The providers: one small file each, an `impl Dialect`, pure, bytes in and bytes out.

pub mod anthropic;
pub mod openai;
