//! A packed chart: the input is the tar inside it, and alternately the bytes of the `.tgz` themselves.
#![no_main]

mod tree;

use std::io::Write;

use libfuzzer_sys::fuzz_target;
use plimsoll::discover::{Release, Source};
use plimsoll::text::RepoPath;

fuzz_target!(|input: &[u8]| {
    let path = RepoPath::new("c.tgz").expect("a plain path");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    packed.write_all(input).expect("a vector takes all bytes");
    let packed = packed.finish().expect("a vector takes all bytes");
    for bytes in [packed.as_slice(), input] {
        let snapshot = tree::snapshot([(path.clone(), bytes)]);
        tree::render(&snapshot, Source::Helm(Release::new(path.clone(), "rel", "ns")));
    }
});
