//! Tests of the answer scan.
