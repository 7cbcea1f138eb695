//! What has been fetched before, on the disk: contents by their SHA-256, and beside them which content answered which want.
//!
//! Files are written whole and renamed into place, so that runs beside each other never see half of one. Contents are checked
//! when they are read; what does not fit its name is as good as absent, and is fetched again. Nothing is ever deleted.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::client::Rights;
use crate::snapshot::Want;

/// Which content answered a want.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    /// The want, for a person who looks at the directory.
    pub(super) want: String,
    /// The SHA-256 of the content, in hexadecimal digits.
    pub(super) sha256: String,
    /// What the want came to: a version, a commit; empty where there is nothing to choose.
    pub(super) resolved: String,
    /// The servers that only a run that names them may ask. Without this the record is an old one, and as good as absent.
    pub(super) named: BTreeSet<String>,
    /// The servers that were told a login.
    pub(super) logins: BTreeSet<String>,
}

/// The directory of all of them. Its layout has a version, so that another one can be told apart.
#[derive(Debug, Clone)]
pub(super) struct Cache {
    root: PathBuf,
}

impl Cache {
    /// The cache below `directory`, which need not exist.
    pub(super) fn new(directory: &Path) -> Self {
        Self {
            root: directory.join("v1"),
        }
    }

    /// What answered `want`, if it is there and whole.
    pub(super) fn find(&self, want: &Want) -> Option<(Record, Vec<u8>)> {
        let text = fs::read(self.record(want)).ok()?;
        let record: Record = serde_json::from_slice(&text).ok()?;
        let content = self.content(&record.sha256)?;
        Some((record, content))
    }

    /// The content with a digest, if it is there and whole.
    pub(super) fn content(&self, sha256: &str) -> Option<Vec<u8>> {
        let is_digest = sha256.len() == 64 && sha256.bytes().all(|b| b.is_ascii_hexdigit());
        let bytes = is_digest.then(|| fs::read(self.blob(sha256)).ok())??;
        (digest(&bytes) == sha256).then_some(bytes)
    }

    /// Keeps what answered `want`. The reason of a failure is a clause.
    pub(super) fn keep(
        &self,
        want: &Want,
        resolved: &str,
        bytes: &[u8],
        rights: &Rights,
    ) -> Result<(), String> {
        let record = Record {
            want: want.to_string(),
            sha256: digest(bytes),
            resolved: resolved.to_owned(),
            named: rights.named.clone(),
            logins: rights.logins.clone(),
        };
        let text = serde_json::to_vec(&record).map_err(|error| error.to_string())?;
        self.write(&self.blob(&record.sha256), bytes)
            .and_then(|()| self.write(&self.record(want), &text))
            .map_err(|error| format!("`{}` cannot be written: {error}", self.root.display()))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let directory = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(directory)?;
        // Another machine that shares the directory may have a process of this number.
        let (temporary, mut file) = loop {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let temporary = directory.join(format!(".{}-{number}", std::process::id()));
            match fs::File::create_new(&temporary) {
                Ok(file) => break (temporary, file),
                Err(error) if error.kind() == ErrorKind::AlreadyExists && number < u32::MAX => {}
                Err(error) => return Err(error),
            }
        };
        let written = file
            .write_all(bytes)
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&temporary, path));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written
    }

    fn blob(&self, sha256: &str) -> PathBuf {
        self.root.join("content").join(sha256)
    }

    fn record(&self, want: &Want) -> PathBuf {
        // How a chart is laid out is decided when it is read, not when it is fetched.
        let key = match want {
            Want::Chart {
                repository,
                name,
                version,
                ..
            } => format!("chart\0{repository}\0{name}\0{version}"),
            Want::File { url } => format!("file\0{url}"),
            Want::Git { url, reference } => format!("git\0{url}\0{reference}"),
        };
        let name = format!("{}.json", digest(key.as_bytes()));
        self.root.join("wants").join(name)
    }
}

/// The SHA-256 in lower-case hexadecimal digits.
pub(super) fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes in lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_checked_when_they_are_read() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::new(directory.path());
        let want = Want::File {
            url: "https://example.com/x".to_owned(),
        };
        assert_eq!(cache.find(&want), None);
        cache
            .keep(&want, "", b"x: 1\n", &Rights::default())
            .unwrap();
        let (record, bytes) = cache.find(&want).unwrap();
        assert_eq!((record.resolved.as_str(), &*bytes), ("", &b"x: 1\n"[..]));
        fs::write(cache.blob(&record.sha256), "x: 2\n").unwrap();
        assert_eq!(cache.find(&want), None);
        cache
            .keep(&want, "", b"x: 1\n", &Rights::default())
            .unwrap();
        assert!(cache.find(&want).is_some());
        fs::write(cache.record(&want), "{").unwrap();
        assert_eq!(cache.find(&want), None);
        assert_eq!(cache.content("../../etc/passwd"), None);
        let names = |name: &str| {
            fs::read_dir(directory.path().join("v1").join(name))
                .unwrap()
                .count()
        };
        assert_eq!((names("content"), names("wants")), (1, 1));
    }
}
