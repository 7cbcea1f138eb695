//! Texts that were read and parsed, kept by content: what many apps read, and base and head alike, is parsed once.
//!
//! Whoever renders more than one app keeps a [`Cache`] and gives it to each rendering. Nothing in it depends on a path, a
//! revision or an app, so it never has to be emptied: an edited file is another content. Origins are made anew
//! for each app, because they say where its values were written.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::helm::Content;
use crate::snapshot::{ContentId, EntryKind, ReadError, Tree};
use crate::text::{RepoPath, Span};
use crate::yaml::{self, Stream};

/// No more is kept than this: 256 MiB. A file counts as its bytes, of which the YAML in it takes a few times as much; a
/// template and the files of an archive count besides, as what they take.
const MAX_BYTES: usize = 256 << 20;

/// What renderings share. Threads may use it at the same time.
#[derive(Debug, Default)]
pub struct Cache {
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    texts: Shelf<Parsed>,
    contents: Shelf<Content>,
    bytes: usize,
}

impl Held {
    fn texts(&mut self) -> &mut Shelf<Parsed> {
        &mut self.texts
    }

    fn contents(&mut self) -> &mut Shelf<Content> {
        &mut self.contents
    }
}

type Shelf<T> = HashMap<ContentId, Arc<T>, foldhash::fast::RandomState>;

impl Cache {
    /// The file at `path` as a text, which is noted in the inputs of `tree` also where its bytes are known already.
    pub(super) fn read(&self, tree: &Tree<'_>, path: &RepoPath) -> Result<Arc<Parsed>, ReadError> {
        self.shelved(tree, path, Held::texts, |bytes| {
            let text = match from_utf16(&bytes) {
                Some(text) => text,
                None => std::str::from_utf8(&bytes)
                    .map(Arc::from)
                    .map_err(|_| ReadError::NotText(path.clone()))?,
            };
            Ok(Parsed::new(text))
        })
    }

    /// As [`Cache::read`], for a file of a chart, whatever is in it.
    pub(super) fn content(
        &self,
        tree: &Tree<'_>,
        path: &RepoPath,
    ) -> Result<Arc<Content>, ReadError> {
        self.shelved(tree, path, Held::contents, |bytes| Ok(Content::new(bytes)))
    }

    /// What is on a shelf for the content at `path`; else what `make` gives for it, put there if there is room.
    fn shelved<T>(
        &self,
        tree: &Tree<'_>,
        path: &RepoPath,
        shelf: fn(&mut Held) -> &mut Shelf<T>,
        make: impl FnOnce(Arc<[u8]>) -> Result<T, ReadError>,
    ) -> Result<Arc<T>, ReadError> {
        let real = tree.real(path)?;
        let entry = tree.entry(&real);
        let id = entry
            .filter(|entry| entry.kind == EntryKind::File)
            .map(|entry| entry.id);
        let known = id.and_then(|id| shelf(&mut self.held()).get(&id).cloned());
        if let Some(known) = known {
            return Ok(known);
        }
        let bytes = tree.read_noted(path, &real, entry)?;
        let size = bytes.len();
        let made = Arc::new(make(bytes)?);
        let Some(id) = id.filter(|_| self.has_room(size)) else {
            return Ok(made);
        };
        Ok(Arc::clone(
            shelf(&mut self.held()).entry(id).or_insert(made),
        ))
    }

    /// What is in `place`; else what `make` gives, which stays there if there is room for as many bytes as `size` says.
    pub(super) fn once<T: Clone, E>(
        &self,
        place: &OnceLock<T>,
        make: impl FnOnce() -> Result<T, E>,
        size: impl FnOnce(&T) -> usize,
    ) -> Result<T, E> {
        if let Some(known) = place.get() {
            return Ok(known.clone());
        }
        let made = make()?;
        if self.has_room(size(&made)) {
            // Another thread may have been faster, with the same.
            let _ = place.set(made.clone());
        }
        Ok(made)
    }

    /// True if so many bytes more may be kept, which are counted from now on.
    fn has_room(&self, bytes: usize) -> bool {
        let mut held = self.held();
        let has_room = bytes <= MAX_BYTES - held.bytes;
        held.bytes += if has_room { bytes } else { 0 };
        has_room
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        // Each change is an insertion, so a thread that panicked left nothing half done.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The text of a file that begins with the mark of UTF-16, which YAML allows. `None` for any other file.
pub(crate) fn from_utf16(bytes: &[u8]) -> Option<Arc<str>> {
    let (read, units): (fn([u8; 2]) -> u16, _) = match bytes {
        [0xff, 0xfe, units @ ..] => (u16::from_le_bytes, units),
        [0xfe, 0xff, units @ ..] => (u16::from_be_bytes, units),
        _ => return None,
    };
    let (pairs, []) = units.as_chunks::<2>() else {
        return None;
    };
    let characters = char::decode_utf16(pairs.iter().copied().map(read));
    let text: Result<String, _> = characters.collect();
    text.ok().map(Arc::from)
}

/// Where the documents of a text begin and end, each with what it holds; or the place that cannot be cut.
pub(super) type Documents = Result<Vec<(usize, usize, Stream)>, Span>;

/// A text, and what was parsed of it so far.
#[derive(Debug)]
pub(super) struct Parsed {
    /// The text as it is in the file.
    pub(super) text: Arc<str>,
    whole: OnceLock<Stream>,
    documents: OnceLock<Documents>,
}

impl Parsed {
    fn new(text: Arc<str>) -> Self {
        Self {
            text,
            whole: OnceLock::new(),
            documents: OnceLock::new(),
        }
    }

    /// The text as one YAML stream.
    pub(super) fn whole(&self) -> &Stream {
        self.whole.get_or_init(|| yaml::parse(&self.text))
    }

    /// The documents that `cut` finds in the text. All callers cut alike: Kustomize has rules of its own.
    pub(super) fn documents(&self, cut: impl FnOnce(&str) -> Documents) -> &Documents {
        self.documents.get_or_init(|| cut(&self.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{Memory, Overlay};

    #[test]
    fn utf_16_is_text_if_it_says_so() {
        let check = |bytes: &[u8], expected: Option<&str>| {
            assert_eq!(from_utf16(bytes).as_deref(), expected, "{bytes:?}");
        };
        check(b"\xff\xfek\0:\0", Some("k:"));
        check(b"\xfe\xff\0k\0:", Some("k:"));
        check(b"\xff\xfe\x3d\xd8\x00\xde", Some("\u{1f600}"));
        check(b"\xff\xfek", None);
        check(b"\xff\xfe\x00\xd8", None);
        check(b"k:", None);
    }

    #[test]
    fn a_text_is_parsed_once_whatever_it_is_called() {
        let memory = Memory::new("test", [("a.yaml", "k: 1\n"), ("b.yaml", "k: 1\n")]).unwrap();
        let path = |name| RepoPath::new(name).unwrap();
        let edit = [(path("b.yaml"), Some(b"k: 2\n".to_vec()))];
        let edited = Overlay::new(&memory, edit);
        let (before, after) = (Tree::new(&memory), Tree::new(&edited));
        let cache = Cache::default();
        let read = |tree, name| cache.read(tree, &path(name)).unwrap();
        let first = read(&before, "a.yaml");
        for (tree, name, same) in [
            (&before, "b.yaml", true),
            (&after, "a.yaml", true),
            (&after, "b.yaml", false),
        ] {
            assert_eq!(Arc::ptr_eq(&first, &read(tree, name)), same, "{name}");
        }
        assert_eq!(after.into_inputs().files.len(), 2);
        assert!(matches!(
            cache.read(&before, &path("c.yaml")),
            Err(ReadError::Missing(_))
        ));
    }
}
