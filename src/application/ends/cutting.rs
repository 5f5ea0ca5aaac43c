//! How the bytes of a source are cut into frames.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cutting {
    /// By the header of its decoder.
    Header,
    /// At the ends of lines.
    Lines,
    /// By lengths that are varints.
    Varint,
}
