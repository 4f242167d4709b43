//! The cast.
