//! Tests of the looks.
