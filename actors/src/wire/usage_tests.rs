//! Tests of the usage reader.
