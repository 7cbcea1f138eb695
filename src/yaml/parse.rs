//! Events into the lossless tree.
use super::{Document, NodeId, Path, Stream};

/// Reads the documents of `text`.
pub fn parse(_text: &str) -> Stream {
    unimplemented!()
}
/// Reads bytes.
pub fn parse_bytes(_bytes: &[u8]) -> Stream {
    unimplemented!()
}
pub(super) fn descend(_document: &Document, _path: &Path) -> Option<(NodeId, usize)> {
    unimplemented!()
}
