//! Tests of the restamper.
