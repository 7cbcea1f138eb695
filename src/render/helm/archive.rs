//! Packed charts: a gzipped tar, unpacked in memory within limits.
//!
//! What the files mean is `chart`'s business.

use std::io::{ErrorKind, Read};
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use tar::{Archive, EntryType};

/// The largest file in a chart, as in Helm: 5 MiB.
pub(super) const MAX_FILE: u64 = 5 << 20;

/// All files of an archive together, as in Helm: 100 MiB.
const MAX_TOTAL: u64 = 100 << 20;

/// More entries than this are refused.
const MAX_ENTRIES: usize = 20_000;

/// The files of an archive, named without the directory that holds them all, and their bytes without a byte order mark.
pub(crate) fn unpack(bytes: &[u8]) -> Result<Vec<(String, Arc<[u8]>)>, String> {
    // Headers and padding are not counted as files, but must not grow without bound either.
    let limited = MultiGzDecoder::new(bytes).take(MAX_TOTAL * 2);
    let mut archive = Archive::new(limited);
    let mut files = Vec::new();
    let mut remaining = MAX_TOTAL;
    let entries = archive.entries().map_err(words)?;
    for (count, entry) in entries.enumerate() {
        let entry = entry.map_err(words)?;
        if count >= MAX_ENTRIES {
            return Err(format!("the archive has more than {MAX_ENTRIES} entries"));
        }
        let kind = entry.header().entry_type();
        if kind.is_dir() || matches!(kind, EntryType::XGlobalHeader | EntryType::XHeader) {
            continue;
        }
        let full = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let Some(name) = inner_name(&full)? else {
            continue;
        };
        let size = entry.size();
        if size > remaining {
            return Err(format!(
                "decompressed chart is larger than the maximum size {MAX_TOTAL}"
            ));
        }
        if size > MAX_FILE {
            return Err(format!(
                "decompressed chart file {full:?} is larger than the maximum file size {MAX_FILE}"
            ));
        }
        let mut data = Vec::new();
        entry
            .take(MAX_FILE + 1)
            .read_to_end(&mut data)
            .map_err(words)?;
        remaining = remaining.saturating_sub(data.len() as u64);
        if (data.len() as u64) < size || remaining == 0 {
            return Err(format!(
                "decompressed chart is larger than the maximum size {MAX_TOTAL}"
            ));
        }
        files.push((name, Arc::from(super::content::without_mark(&data))));
    }
    // Go reads both blocks at the end of an archive, and so sees that one is cut off there.
    let mut last = archive.into_inner().take(512);
    std::io::copy(&mut last, &mut std::io::sink()).map_err(words)?;
    if files.is_empty() {
        return Err("no files in chart archive".to_owned());
    }
    Ok(files)
}

/// What is wrong with an archive, in Go's words where it just ends.
fn words(error: std::io::Error) -> String {
    let message = error.to_string();
    if error.kind() == ErrorKind::UnexpectedEof || message == "incomplete deflate stream" {
        "unexpected EOF".to_owned()
    } else {
        message
    }
}

/// The path inside the chart; names that would lead elsewhere are refused, as Helm refuses them.
fn inner_name(full: &str) -> Result<Option<String>, String> {
    let delimiter = if full.contains('\\') { '\\' } else { '/' };
    let (first, rest) = full.split_once(delimiter).unwrap_or((full, ""));
    let rest = rest.replace(delimiter, "/");
    if rest.starts_with('/') {
        return Err("chart illegally contains absolute paths".to_owned());
    }
    let name = super::functions::clean_path(&rest);
    if name == "." {
        return Err(format!(
            "chart illegally contains content outside the base directory: {full:?}"
        ));
    }
    if name.starts_with("..") {
        return Err("chart illegally references parent directory".to_owned());
    }
    let drive = name.as_bytes();
    if matches!(drive, [letter, b':', b'/', ..] if letter.is_ascii_alphabetic()) {
        return Err("chart contains illegally named files".to_owned());
    }
    if first == "Chart.yaml" {
        return Err("chart yaml not in base directory".to_owned());
    }
    Ok(Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_without_its_end_is_refused() {
        let mut packed = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(1);
        packed
            .append_data(&mut header, "c/Chart.yaml", &b"x"[..])
            .unwrap();
        let packed = packed.into_inner().unwrap();
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packer, &packed).unwrap();
        let whole = packer.finish().unwrap();
        assert_eq!(unpack(&whole).unwrap().len(), 1);
        for missing in [20, whole.len() - 11] {
            let cut = &whole[..whole.len() - missing];
            assert_eq!(unpack(cut).unwrap_err(), "unexpected EOF", "{missing}");
        }
    }
}
