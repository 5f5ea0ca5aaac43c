//! How the bytes of a source are cut into frames.

use super::OwnFunctions;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Cutting {
    /// By the header of its decoder.
    Header,
    /// At the ends of lines.
    Lines,
    /// By lengths that are varints.
    Varint,
    /// Each frame is the number of a message, which a generator makes.
    Numbers,
    /// As the author says.
    Own(OwnFunctions),
}
