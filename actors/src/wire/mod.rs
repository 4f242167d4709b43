//! The wire vocabulary: what the bytes of an exchange mean. Pure functions over bytes, no I/O, no actor.
//!
//! Data flows one way through it: a request body becomes an [`envelope::Envelope`]; an upstream stream goes through
//! [`framing::StreamReader`], each event through [`look::look`] and, where the caller's alias must be read, through
//! [`restamp::Restamper`]; a whole answer becomes an [`answer::Answer`]. [`scan`] and [`skip`] are what they share.

pub mod answer;
pub mod billable;
pub mod cost;
pub mod endpoint;
pub mod envelope;
pub mod forbidden;
pub mod form;
pub mod frames;
pub mod framing;
pub mod generate;
pub mod lines;
pub mod look;
pub mod messages;
pub mod money;
pub mod notes;
pub mod pieces;
pub mod protocol;
pub mod responses;
pub mod restamp;
pub mod rewrite;
pub mod scan;
pub mod searches;
pub mod skip;
pub mod sse;
pub mod strip;
pub mod tier;
pub mod usage;
