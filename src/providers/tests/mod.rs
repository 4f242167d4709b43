//! The table in the documentation, the hooks of the compatible family, and answers in another shape than was asked for.

mod document;
mod hooks;
mod random;
mod said;
mod shapes;
mod speaking;
mod writers;
