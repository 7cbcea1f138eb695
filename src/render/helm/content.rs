//! The bytes of a chart's file, and what has been made of them so far: text, YAML, template, the files in an archive.
//!
//! Nothing here depends on a path, a chart or a release, so renderings share it through the [`Cache`]. What the parts of a
//! chart mean is `chart`'s business.

use std::sync::{Arc, OnceLock};

use super::archive;
use super::ast::Syntax;
use super::function::Functions;
use super::parse::{self, ParseError};
use crate::discover::HelmVersion;
use crate::render::cache::Cache;
use crate::yaml::{self, Stream};

/// A file without its path. What it is parsed to stays with it as long as the [`Cache`] has room.
pub(in crate::render) struct Content {
    bytes: Arc<[u8]>,
    text: OnceLock<Arc<str>>,
    stream: OnceLock<Stream>,
    /// As Helm 3 and Helm 4 read it: they do not have the same functions.
    syntax: [OnceLock<Arc<Syntax>>; 2],
    files: OnceLock<Arc<[Packed]>>,
}

/// A file in an archive.
pub(in crate::render) struct Packed {
    /// Its path in the chart.
    pub(super) name: String,
    pub(super) content: Arc<Content>,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.bytes.len())
    }
}

impl Content {
    pub(in crate::render) fn new(bytes: Arc<[u8]>) -> Self {
        Self {
            bytes,
            text: OnceLock::new(),
            stream: OnceLock::new(),
            syntax: Default::default(),
            files: OnceLock::new(),
        }
    }

    pub(super) fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }

    /// The text, U+FFFD for what is not UTF-8.
    pub(super) fn text(&self) -> &Arc<str> {
        self.text
            .get_or_init(|| match std::str::from_utf8(&self.bytes) {
                Ok(text) => Arc::from(text),
                Err(_) => Arc::from(String::from_utf8_lossy(&self.bytes)),
            })
    }

    /// The text as YAML.
    pub(super) fn stream(&self) -> &Stream {
        self.stream.get_or_init(|| yaml::parse(self.text()))
    }

    /// The text as a template, which is called `name` where it cannot be one.
    pub(super) fn syntax(
        &self,
        cache: &Cache,
        helm: HelmVersion,
        name: &str,
        functions: &Functions,
    ) -> Result<Arc<Syntax>, ParseError> {
        let [v3, v4] = &self.syntax;
        let kept = match helm {
            HelmVersion::V3 => v3,
            HelmVersion::V4 => v4,
        };
        cache.once(
            kept,
            || parse::parse(name, self.text().as_bytes(), functions).map(Arc::new),
            |syntax| syntax.memory(),
        )
    }

    /// The files of the archive that this is.
    pub(super) fn files(&self, cache: &Cache) -> Result<Arc<[Packed]>, String> {
        let unpack = || {
            let files = archive::unpack(&self.bytes)?.into_iter();
            let files = files.map(|(name, data)| Packed {
                name,
                content: Arc::new(Self::new(data)),
            });
            Ok(files.collect())
        };
        cache.once(&self.files, unpack, |files: &Arc<[Packed]>| {
            files.iter().map(|file| file.content.bytes.len()).sum()
        })
    }
}
