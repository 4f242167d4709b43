//! A small HTTP/1.1 client for measuring: raw TCP, prebuilt requests, strict reading.
//!
//! Our own, where a library would do, because it shares two cores with what it measures: each microsecond it spends is
//! taken from the mock provider. It also has to *judge* the framing of an answer, which client libraries hide.

pub mod chunked;
pub mod conn;
pub mod endpoint;
pub mod head;
pub mod request;
pub mod sse;
