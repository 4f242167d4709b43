//! The table in the documentation, and the hooks of the compatible family.

mod document;
mod hooks;
