//! Packs: the objects in one, and the files of a commit in it.
//!
//! An object is known by the hash of its content, which is computed here: what a commit's name leads to is what was committed,
//! whoever sent it. The format is that of git's `gitformat-pack`; all that is unpacked is bounded.

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

use flate2::bufread::ZlibDecoder;
use sha1::{Digest, Sha1};

use super::super::cache::hex;
use crate::snapshot::{EntryKind, MAX_FILE_BYTES};
use crate::text::RepoPath;

/// More objects than this are not unpacked.
const MAX_OBJECTS: usize = 1_000_000;

/// All objects together are not larger than this, nor are all files of a commit.
const MAX_TOTAL: usize = 512 << 20;

/// A commit does not hold more files than this.
const MAX_FILES: usize = 200_000;

/// Directories are not nested deeper than this.
const MAX_DEPTH: usize = 64;

/// A pack is not gone through more often than this. Servers are told that a base may be named by its place, which comes before.
const MAX_PASSES: usize = 64;

type Id = [u8; 20];

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Commit,
    Tree,
    Blob,
    Tag,
}

impl Sort {
    fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        }
    }
}

/// An entry of a pack: an object, or what changes another one into it.
enum Stored {
    Whole(Sort),
    OnEntry(usize),
    OnObject(Id),
}

struct Raw {
    offset: usize,
    stored: Stored,
    data: Vec<u8>,
}

/// A file, link or submodule of a commit: its path, what it is, and its bytes.
pub(in super::super) type File = (RepoPath, EntryKind, Arc<[u8]>);

/// The files of the commit `id` in a pack.
pub(in super::super) fn files(pack: &[u8], id: &str) -> Result<Vec<File>, String> {
    let objects = Objects::read(pack)?;
    let commit = objects.get(&hex_id(id.as_bytes())?, Sort::Commit)?;
    let first = commit
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let tree = first
        .strip_prefix(b"tree ")
        .ok_or_else(|| "the commit has no tree".to_owned())?;
    let mut files = Vec::new();
    let mut total = 0;
    let mut todo = vec![(RepoPath::root(), hex_id(tree)?, 0)];
    while let Some((directory, tree, depth)) = todo.pop() {
        if depth > MAX_DEPTH {
            return Err("its directories are nested too deeply".to_owned());
        }
        let mut rest = objects.get(&tree, Sort::Tree)?.as_ref();
        while !rest.is_empty() {
            let (mode, name, entry) = tree_entry(&mut rest)?;
            if files.len() + todo.len() > MAX_FILES {
                return Err(format!("it holds more than {MAX_FILES} files"));
            }
            // A name that is no text cannot be named in a kustomization.
            let Ok(name) = std::str::from_utf8(name) else {
                continue;
            };
            if name.eq_ignore_ascii_case(".git") {
                return Err("it holds a file that git forbids".to_owned());
            }
            let path = directory
                .child(name)
                .ok_or_else(|| format!("it holds a file with the name {name:?}"))?;
            let kind = match mode {
                b"40000" => {
                    todo.push((path, entry, depth + 1));
                    continue;
                }
                b"120000" => EntryKind::Link,
                b"160000" => {
                    files.push((path, EntryKind::Submodule, Arc::from(&entry[..])));
                    continue;
                }
                _ => EntryKind::File,
            };
            let bytes = objects.get(&entry, Sort::Blob)?;
            total += bytes.len();
            if total > MAX_TOTAL {
                return Err(format!("its files are larger than {MAX_TOTAL} bytes"));
            }
            files.push((path, kind, Arc::clone(bytes)));
        }
    }
    Ok(files)
}

fn tree_entry<'t>(rest: &mut &'t [u8]) -> Result<(&'t [u8], &'t [u8], Id), String> {
    let split = || {
        let space = rest.iter().position(|byte| *byte == b' ')?;
        let (mode, after) = rest.split_at_checked(space)?;
        let end = after.iter().position(|byte| *byte == 0)?;
        let name = after.get(1..end)?;
        let id = after.get(end + 1..end + 21)?;
        Some((mode, name, Id::try_from(id).ok()?, after.get(end + 21..)?))
    };
    let (mode, name, id, after) =
        split().ok_or_else(|| "a directory of it is broken".to_owned())?;
    *rest = after;
    Ok((mode, name, id))
}

fn hex_id(digits: &[u8]) -> Result<Id, String> {
    let wrong = || "it names no object".to_owned();
    let digits = std::str::from_utf8(digits).map_err(|_| wrong())?;
    if digits.len() != 40 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    let mut id = Id::default();
    for (place, byte) in id.iter_mut().enumerate() {
        let pair = digits.get(place * 2..place * 2 + 2).ok_or_else(wrong)?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
    }
    Ok(id)
}

/// The objects of a pack by their names.
struct Objects {
    known: HashMap<Id, (Sort, Arc<[u8]>)>,
}

impl Objects {
    fn get(&self, id: &Id, sort: Sort) -> Result<&Arc<[u8]>, String> {
        match self.known.get(id) {
            Some((found, data)) if *found == sort => Ok(data),
            _ => {
                let (sort, name) = (sort.name(), hex(id));
                Err(format!("the {sort} {name} is not in its pack"))
            }
        }
    }

    fn read(pack: &[u8]) -> Result<Self, String> {
        let mut total = 0;
        let mut waiting = entries(pack, &mut total)?;
        let mut by_offset: HashMap<usize, (Sort, Arc<[u8]>)> = HashMap::new();
        let mut known = HashMap::new();
        // An object may be built on one that comes later, and that one on yet another.
        for _ in 0..MAX_PASSES {
            let before = waiting.len();
            let mut left = Vec::new();
            for raw in waiting {
                let base = match raw.stored {
                    Stored::Whole(sort) => Some((sort, None)),
                    Stored::OnEntry(offset) => by_offset
                        .get(&offset)
                        .map(|(sort, base)| (*sort, Some(Arc::clone(base)))),
                    Stored::OnObject(id) => known
                        .get(&id)
                        .map(|(sort, base): &(Sort, Arc<[u8]>)| (*sort, Some(Arc::clone(base)))),
                };
                let Some((sort, base)) = base else {
                    left.push(raw);
                    continue;
                };
                let data: Arc<[u8]> = match base {
                    None => raw.data.into(),
                    Some(base) => changed(&base, &raw.data, &mut total)?.into(),
                };
                let mut hash = Sha1::new();
                hash.update(format!("{} {}\0", sort.name(), data.len()).as_bytes());
                hash.update(&data);
                by_offset.insert(raw.offset, (sort, Arc::clone(&data)));
                known.insert(hash.finalize().into(), (sort, data));
            }
            if left.is_empty() {
                return Ok(Self { known });
            }
            if left.len() == before {
                return Err("its pack is built on objects that are not in it".to_owned());
            }
            waiting = left;
        }
        Err("its pack is built too deeply".to_owned())
    }
}

const BROKEN: &str = "its pack is broken";

/// The entries of a pack, inflated. `total` counts what that gives.
fn entries(pack: &[u8], total: &mut usize) -> Result<Vec<Raw>, String> {
    let (content, hash) = pack
        .len()
        .checked_sub(20)
        .and_then(|end| pack.split_at_checked(end))
        .ok_or(BROKEN)?;
    if Sha1::digest(content)[..] != *hash {
        return Err("its pack does not have the hash that it says".to_owned());
    }
    let mut reader = Reader {
        bytes: content,
        at: 0,
    };
    if reader.take(8)? != b"PACK\0\0\0\x02" {
        return Err(BROKEN.to_owned());
    }
    let count = reader
        .take(4)?
        .iter()
        .fold(0, |n, byte| n << 8 | usize::from(*byte));
    if count > MAX_OBJECTS {
        return Err(format!("its pack holds more than {MAX_OBJECTS} objects"));
    }
    let mut entries = Vec::new();
    for _ in 0..count {
        let offset = reader.at;
        let first = reader.byte()?;
        let mut size = usize::from(first & 15);
        let mut shift = 4;
        let mut more = first & 128 != 0;
        while more {
            let byte = reader.byte()?;
            if shift > 32 {
                return Err(BROKEN.to_owned());
            }
            size |= usize::from(byte & 127) << shift;
            shift += 7;
            more = byte & 128 != 0;
        }
        let stored = match first >> 4 & 7 {
            1 => Stored::Whole(Sort::Commit),
            2 => Stored::Whole(Sort::Tree),
            3 => Stored::Whole(Sort::Blob),
            4 => Stored::Whole(Sort::Tag),
            6 => {
                let back = reader.offset()?;
                Stored::OnEntry(offset.checked_sub(back).ok_or(BROKEN)?)
            }
            7 => Stored::OnObject(Id::try_from(reader.take(20)?).map_err(|_| BROKEN)?),
            _ => return Err(BROKEN.to_owned()),
        };
        let data = reader.inflate(size, total)?;
        entries.push(Raw {
            offset,
            stored,
            data,
        });
    }
    if reader.at != content.len() {
        return Err(BROKEN.to_owned());
    }
    Ok(entries)
}

/// Counts `more` bytes that are about to be unpacked.
fn spend(total: &mut usize, more: usize) -> Result<(), String> {
    *total = total.saturating_add(more);
    if more > MAX_FILE_BYTES {
        return Err(format!(
            "it holds an object larger than {MAX_FILE_BYTES} bytes"
        ));
    }
    if *total > MAX_TOTAL {
        return Err(format!("its objects are larger than {MAX_TOTAL} bytes"));
    }
    Ok(())
}

/// Bytes that are read from the front.
struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Reader<'b> {
    fn take(&mut self, length: usize) -> Result<&'b [u8], String> {
        let end = self.at.checked_add(length).ok_or(BROKEN)?;
        let taken = self.bytes.get(self.at..end).ok_or(BROKEN)?;
        self.at = end;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, String> {
        let byte = *self.bytes.get(self.at).ok_or(BROKEN)?;
        self.at += 1;
        Ok(byte)
    }

    /// How far back the base of a delta is.
    fn offset(&mut self) -> Result<usize, String> {
        let mut byte = self.byte()?;
        let mut offset = usize::from(byte & 127);
        while byte & 128 != 0 {
            byte = self.byte()?;
            let next = (offset + 1).checked_mul(128).ok_or(BROKEN)?;
            offset = next | usize::from(byte & 127);
        }
        Ok(offset)
    }

    /// The size of a base or a result, at the beginning of a delta.
    fn size(&mut self) -> Result<usize, String> {
        let mut size = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            size |= usize::from(byte & 127) << shift;
            if byte & 128 == 0 {
                return Ok(size);
            }
        }
        Err(BROKEN.to_owned())
    }

    fn inflate(&mut self, size: usize, total: &mut usize) -> Result<Vec<u8>, String> {
        spend(total, size)?;
        let rest = self.bytes.get(self.at..).ok_or(BROKEN)?;
        let mut decoder = ZlibDecoder::new(rest);
        let mut data = Vec::new();
        // One byte more than is told, so that what tells too little is found out.
        decoder
            .by_ref()
            .take(size as u64 + 1)
            .read_to_end(&mut data)
            .map_err(|_| BROKEN)?;
        if data.len() != size {
            return Err(BROKEN.to_owned());
        }
        self.at += decoder.total_in() as usize;
        Ok(data)
    }
}

/// Applies a delta: copies out of `base`, and bytes of its own.
fn changed(base: &[u8], delta: &[u8], total: &mut usize) -> Result<Vec<u8>, String> {
    let mut reader = Reader {
        bytes: delta,
        at: 0,
    };
    if reader.size()? != base.len() {
        return Err(BROKEN.to_owned());
    }
    let size = reader.size()?;
    spend(total, size)?;
    let mut out = Vec::new();
    while reader.at < delta.len() {
        let order = reader.byte()?;
        let piece = if order & 128 == 0 {
            if order == 0 {
                return Err(BROKEN.to_owned());
            }
            reader.take(usize::from(order))?
        } else {
            // Each bit says whether a byte of the place, then of the length, is written.
            let (mut start, mut length) = (0, 0);
            for bit in 0..7 {
                if order & (1 << bit) == 0 {
                    continue;
                }
                let byte = usize::from(reader.byte()?);
                if bit < 4 {
                    start |= byte << (8 * bit);
                } else {
                    length |= byte << (8 * (bit - 4));
                }
            }
            let length = if length == 0 { 0x1_0000 } else { length };
            base.get(start..start + length).ok_or(BROKEN)?
        };
        if out.len() + piece.len() > size {
            return Err(BROKEN.to_owned());
        }
        out.extend_from_slice(piece);
    }
    if out.len() != size {
        return Err(BROKEN.to_owned());
    }
    Ok(out)
}
