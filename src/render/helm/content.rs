//! The bytes of a chart's file, and what has been made of them so far: text, YAML, template, the files in an archive.
//!
//! Nothing here depends on a path, a chart or a release, so renderings share it through the [`Cache`]. What the parts of a
//! chart mean is `chart`'s business.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};

use super::archive;
use super::ast::Syntax;
use super::function::Functions;
use super::parse::{self, ParseError};
use super::schema::{Refusal, Schema};
use crate::discover::HelmVersion;
use crate::origin::Origins;
use crate::render::cache::Cache;
use crate::yaml::{self, Stream};

/// A file without its path. What it is parsed to stays with it as long as the [`Cache`] has room.
pub(in crate::render) struct Content {
    bytes: Arc<[u8]>,
    text: OnceLock<Arc<str>>,
    stream: OnceLock<Stream>,
    everyday: OnceLock<Option<yaml::Value>>,
    /// As Helm 3 and Helm 4 read it: they do not have the same functions.
    syntax: [OnceLock<Arc<Syntax>>; 2],
    /// As Helm 3 and Helm 4 compile it.
    schema: [OnceLock<Arc<Schema>>; 2],
    files: OnceLock<Arc<[Packed]>>,
    unmarked: OnceLock<Arc<Self>>,
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
            everyday: OnceLock::new(),
            syntax: Default::default(),
            schema: Default::default(),
            files: OnceLock::new(),
            unmarked: OnceLock::new(),
        }
    }

    pub(super) fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }

    /// The content without the byte order mark that it may begin with.
    pub(super) fn unmarked(this: &Arc<Self>, cache: &Cache) -> Arc<Self> {
        let plain = without_mark(&this.bytes);
        if plain.len() == this.bytes.len() {
            return Arc::clone(this);
        }
        let make = || Ok::<_, Infallible>(Arc::new(Self::new(Arc::from(plain))));
        let Ok(unmarked) = cache.once(&this.unmarked, make, |content| content.bytes.len());
        unmarked
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

    /// What Helm reads from the text if it is everyday YAML, without origins.
    pub(super) fn everyday(&self) -> Option<&yaml::Value> {
        let everyday = || yaml::everyday(self.text(), |_, _| true);
        self.everyday.get_or_init(everyday).as_ref()
    }

    /// The text as a template, which is called `name` where it cannot be one.
    pub(super) fn syntax(
        &self,
        cache: &Cache,
        helm: HelmVersion,
        name: &str,
        functions: &Functions,
    ) -> Result<Arc<Syntax>, ParseError> {
        cache.once(
            of(&self.syntax, helm),
            || parse::parse(name, self.text().as_bytes(), functions).map(Arc::new),
            |syntax| syntax.memory(),
        )
    }

    /// The text as a schema of values.
    pub(super) fn schema(
        &self,
        cache: &Cache,
        helm: HelmVersion,
        origins: &mut Origins,
    ) -> Result<Arc<Schema>, Refusal> {
        // What is compiled is about as large as what is written, and an object for each of its words besides.
        cache.once(
            of(&self.schema, helm),
            || Schema::new(&self.bytes, helm, origins).map(Arc::new),
            |_| 4 * self.bytes.len(),
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

/// What is kept for a version of Helm.
fn of<T>([v3, v4]: &[T; 2], helm: HelmVersion) -> &T {
    match helm {
        HelmVersion::V3 => v3,
        HelmVersion::V4 => v4,
    }
}

/// The bytes without a byte order mark.
pub(super) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_of_a_content_stays_with_it() {
        let cache = Cache::default();
        let marked = Arc::new(Content::new(Arc::from(&b"\xEF\xBB\xBFa: {{ .b }}"[..])));
        let plain = Content::unmarked(&marked, &cache);
        assert_eq!(&**plain.bytes(), b"a: {{ .b }}");
        assert!(Arc::ptr_eq(&plain, &Content::unmarked(&marked, &cache)));
        assert!(Arc::ptr_eq(&plain, &Content::unmarked(&plain, &cache)));

        let mut packed = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(1);
        let added = packed.append_data(&mut header, "c/Chart.yaml", &b"x"[..]);
        added.unwrap();
        let packed = packed.into_inner().unwrap();
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packer, &packed).unwrap();
        let archive = Content::new(Arc::from(packer.finish().unwrap()));
        let files = archive.files(&cache).unwrap();
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["Chart.yaml"]);
        assert!(Arc::ptr_eq(&files, &archive.files(&cache).unwrap()));
    }
}
