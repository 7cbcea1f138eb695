//! `index.yaml` of a chart repository: which versions of which charts it has, and where they lie.
//!
//! A change under review chooses the repository, so its index is hostile input: it is read by the reader that all YAML here is
//! read by, which refuses deep nesting, and only where its pieces are few enough for what is made of them to stay small. What Helm
//! refuses is refused: an index in YAML has known keys, each once, and of the right sort; one in JSON may have others.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value as Json;

use super::chart::choose;
use super::url::escaped_reference;
use crate::origin::Origin;
use crate::render::from_utf16;
use crate::render::helm::semver::Version;
use crate::yaml::{self, Data, Dialect, Document, NodeId, NodeKind};

/// An index is not larger than this.
pub(super) const MAX_INDEX: usize = 64 << 20;

/// An index does not have more lines, items and keys than this. One of 20,000 versions has half a million.
const MAX_PIECES: usize = 3_000_000;

/// A reason is not longer than this, as it may quote the index.
const MAX_REASON: usize = 200;

/// One version of a chart.
#[derive(Debug, Clone)]
pub(super) struct Release {
    pub(super) version: Version,
    /// Where the archive lies, relative to the repository.
    pub(super) url: String,
    /// The SHA-256 of the archive, if the index says it.
    pub(super) digest: Option<String>,
}

/// The charts of a repository by name, the newest version first.
#[derive(Debug, Default)]
pub(super) struct Index {
    charts: BTreeMap<String, Vec<Release>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an index")]
struct File {
    api_version: Option<String>,
    #[expect(dead_code, reason = "it is read for its form")]
    generated: Option<Time>,
    entries: Option<BTreeMap<String, Option<Vec<Option<Entry>>>>>,
}

/// Helm's `ChartVersion`. Most of it is read only because a value of another sort makes Helm refuse the whole index.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a version of a chart")]
#[expect(dead_code, reason = "what is not used is read for its type")]
struct Entry {
    name: Option<String>,
    version: Option<String>,
    #[serde(rename = "type")]
    sort: Option<String>,
    urls: Option<Vec<Option<String>>>,
    /// Helm takes a number here, too, and does not look at it.
    digest: Option<Json>,
    dependencies: Option<Vec<Option<Dependency>>>,
    maintainers: Option<Vec<Option<Maintainer>>>,
    api_version: Option<String>,
    app_version: Option<String>,
    kube_version: Option<String>,
    home: Option<String>,
    icon: Option<String>,
    description: Option<String>,
    condition: Option<String>,
    tags: Option<String>,
    created: Option<Time>,
    deprecated: Option<bool>,
    removed: Option<bool>,
    sources: Option<Vec<Option<String>>>,
    keywords: Option<Vec<Option<String>>>,
    annotations: Option<BTreeMap<String, Option<String>>>,
}

#[derive(Deserialize)]
#[serde(expecting = "a dependency")]
#[expect(dead_code, reason = "what is not used is read for its type")]
struct Dependency {
    name: Option<String>,
    version: Option<String>,
    repository: Option<String>,
    condition: Option<String>,
    alias: Option<String>,
    tags: Option<Vec<Option<String>>>,
    enabled: Option<bool>,
}

#[derive(Deserialize)]
#[serde(expecting = "a maintainer")]
#[expect(dead_code, reason = "what is not used is read for its type")]
struct Maintainer {
    name: Option<String>,
    email: Option<String>,
    url: Option<String>,
}

/// A date with a time, as Go reads them from JSON.
struct Time;

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        match chrono::DateTime::parse_from_rfc3339(&text) {
            Ok(_) => Ok(Self),
            Err(_) => Err(serde::de::Error::custom(format!("`{text}` is no time"))),
        }
    }
}

/// The keys of an index in YAML, and of what it holds.
const KEYS: &[&str] = &[
    "apiVersion",
    "entries",
    "generated",
    "serverInfo",
    "publicKeys",
    "annotations",
];
const KEYS_OF_ENTRY: &[&str] = &[
    "name",
    "home",
    "sources",
    "version",
    "description",
    "keywords",
    "maintainers",
    "icon",
    "apiVersion",
    "condition",
    "tags",
    "appVersion",
    "deprecated",
    "annotations",
    "kubeVersion",
    "dependencies",
    "type",
    "urls",
    "created",
    "removed",
    "digest",
    "checksum",
    "engine",
    "tillerVersion",
    "url",
];
const KEYS_OF_DEPENDENCY: &[&str] = &[
    "name",
    "version",
    "repository",
    "condition",
    "tags",
    "enabled",
    "import-values",
    "alias",
];
const KEYS_OF_MAINTAINER: &[&str] = &["name", "email", "url"];

impl Index {
    /// Reads an index. What Helm leaves out is left out: versions that are none, and those without an address.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let refused = |why: &str| {
            let why: String = why.chars().take(MAX_REASON).collect();
            format!("the repository's index cannot be read: {why}")
        };
        if pieces(bytes) > MAX_PIECES {
            let why = format!("it has more than {MAX_PIECES} lines, items and keys");
            return Err(refused(&why));
        }
        let is_json = serde_json::from_slice::<IgnoredAny>(bytes).is_ok();
        let file: Result<File, _> = if is_json {
            serde_json::from_slice(bytes)
        } else {
            serde_json::from_value(from_yaml(bytes).map_err(|why| refused(&why))?)
        };
        let file = file.map_err(|error| refused(&error.to_string()))?;
        if file.api_version.unwrap_or_default().is_empty() {
            return Err("the repository's index has no apiVersion".to_owned());
        }
        let charts = file.entries.unwrap_or_default();
        let charts = charts.into_iter().map(|(name, entries)| {
            let entries = entries.unwrap_or_default().into_iter().flatten();
            let mut releases: Vec<Release> = entries.filter_map(Entry::release).collect();
            releases.sort_by(|a, b| b.version.compare(&a.version));
            (name, releases)
        });
        Ok(Self {
            charts: charts.collect(),
        })
    }

    /// The version of a chart that is meant.
    pub(super) fn choose(&self, name: &str, version: &str) -> Result<&Release, String> {
        let releases = self
            .charts
            .get(name)
            .ok_or_else(|| format!("the repository has no chart {name}"))?;
        let versions = releases.iter().map(|release| &release.version);
        let chosen = choose(versions, version)?;
        releases
            .get(chosen)
            .ok_or_else(|| "the chart is gone".to_owned())
    }
}

impl Entry {
    /// The version, unless Helm's `Validate` finds fault with it or nothing says where it lies.
    fn release(self) -> Option<Release> {
        let is_name = |name: &String| !name.is_empty() && !name.contains('/');
        self.name.filter(is_name)?;
        let sort = self.sort.unwrap_or_default();
        let dependencies = self.dependencies.unwrap_or_default();
        let is_alias = |dependency: &Dependency| {
            let mut alias = dependency.alias.iter().flat_map(|alias| alias.bytes());
            alias.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        };
        let is_valid = matches!(sort.as_str(), "" | "application" | "library")
            && self.maintainers.iter().flatten().all(Option::is_some)
            && dependencies
                .iter()
                .all(|dependency| dependency.as_ref().is_some_and(is_alias));
        let url = self.urls?.into_iter().next()?.unwrap_or_default();
        let digest = self.digest.as_ref().and_then(Json::as_str);
        is_valid.then_some(Release {
            version: Version::parse(&self.version?).ok()?,
            url: escaped_reference(&url),
            digest: digest
                .filter(|digest| !digest.is_empty())
                .map(str::to_owned),
        })
    }
}

/// At least as many as the text has lines, items of lists and keys.
fn pieces(bytes: &[u8]) -> usize {
    let after = bytes.iter().skip(1).chain([&b' ']);
    bytes
        .iter()
        .zip(after)
        .filter(|(byte, after)| match byte {
            b'\n' | b'\r' | b',' | b'[' | b'{' => true,
            b'-' | b'?' | b':' => after.is_ascii_whitespace(),
            _ => false,
        })
        .count()
}

/// The first document of a text in YAML, as Helm's strict reader takes it. Go reads no further than that one.
fn from_yaml(bytes: &[u8]) -> Result<Json, String> {
    let stream = match from_utf16(bytes) {
        Some(text) => yaml::parse(&text),
        None => yaml::parse_bytes(bytes),
    };
    let Some(document) = stream.documents.first() else {
        let why = stream.error.map(|error| error.message);
        return Err(why.unwrap_or_else(|| "it is empty".to_owned()));
    };
    if let Some(root) = document.root()
        && let Some(key) = twice(document, root)
    {
        return Err(format!("the key `{key}` stands there twice"));
    }
    let value = document.value(Dialect::Helm, &mut |_| Origin::NONE);
    let value = json(&value.map_err(|error| error.message)?);
    match unknown(&value) {
        Some(key) => Err(format!("it has a key `{key}`, which Helm does not know")),
        None => Ok(value),
    }
}

/// A key that stands twice in one map. The reader bounds how deep this goes.
fn twice(document: &Document, id: NodeId) -> Option<String> {
    match &document.node(id).kind {
        NodeKind::Mapping { pairs, .. } => {
            let mut seen = BTreeSet::new();
            pairs.iter().find_map(|&(key, value)| {
                let double = match &document.node(key).kind {
                    NodeKind::Scalar { text, .. } if !seen.insert(text) => Some(text.clone()),
                    _ => None,
                };
                double.or_else(|| twice(document, value))
            })
        }
        NodeKind::Sequence { items, .. } => items.iter().find_map(|&item| twice(document, item)),
        NodeKind::Scalar { .. } | NodeKind::Alias { .. } => None,
    }
}

/// The same as JSON. The reader bounds how deep and how large it is.
fn json(value: &yaml::Value) -> Json {
    match &value.data {
        Data::Null => Json::Null,
        Data::Bool(truth) => Json::Bool(*truth),
        Data::Int(number) => (*number).into(),
        Data::Uint(number) => (*number).into(),
        Data::Float(number) => (*number).into(),
        Data::String(text) => Json::String(text.clone()),
        Data::Sequence(items) => items.iter().map(json).collect(),
        Data::Mapping(mapping) => mapping
            .iter()
            .map(|entry| (entry.key.clone(), json(&entry.value)))
            .collect(),
    }
}

/// A key that Helm's strict reader does not know.
fn unknown(index: &Json) -> Option<&String> {
    fn among<'j>(map: &'j Json, known: &[&str]) -> Option<&'j String> {
        let keys = map.as_object()?.keys();
        let mut unknown = keys.filter(|key| !known.contains(&key.as_str()));
        unknown.next()
    }
    fn items<'j>(map: &'j Json, key: &str) -> impl Iterator<Item = &'j Json> {
        map.get(key).and_then(Json::as_array).into_iter().flatten()
    }
    let charts = index.get("entries").and_then(Json::as_object);
    let lists = charts.into_iter().flat_map(serde_json::Map::values);
    let mut entries = lists.filter_map(Json::as_array).flatten();
    among(index, KEYS).or_else(|| {
        entries.find_map(|entry| {
            let mut dependencies = items(entry, "dependencies");
            let mut maintainers = items(entry, "maintainers");
            among(entry, KEYS_OF_ENTRY)
                .or_else(|| dependencies.find_map(|map| among(map, KEYS_OF_DEPENDENCY)))
                .or_else(|| maintainers.find_map(|map| among(map, KEYS_OF_MAINTAINER)))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(index: &Index, version: &str) -> String {
        let chosen = index.choose("a", version);
        chosen.map_or_else(|why| why, |release| release.version.original.clone())
    }

    #[test]
    fn the_version_is_the_one_that_helm_takes() {
        let index = Index::read(
            b"apiVersion: v1\nentries:\n  a:\n  - {name: a, version: 1.2.0, urls: [a-1.2.0.tgz]}\n  - {name: a, version: 2.0.0-rc.1, urls: [x]}\n  - {name: a, version: 1.10.0, urls: [a-1.10.0.tgz]}\n  - {name: a, version: v1.3.0, urls: [x]}\n  - {name: a, version: 9.9.9}\n  - {name: a, version: latest, urls: [x]}\n  -\n  b:\n",
        )
        .unwrap();
        let check = |version: &str, expected: &str| {
            let found = chosen(&index, version);
            assert!(found.starts_with(expected), "{version}: {found}");
        };
        check("", "1.10.0");
        check("1.2.0", "1.2.0");
        check("~1.2", "1.2.0");
        check("^1.2.0", "1.10.0");
        check("<1.10", "v1.3.0");
        check("1.3.0", "v1.3.0");
        check(">1.0.0-0", "2.0.0-rc.1");
        check("3.x", "no version");
        check("9.9.9", "no version");
        check("nonsense!", "`nonsense!` is no version");
        assert!(index.choose("b", "").is_err());
        assert!(index.choose("c", "").is_err());
        assert!(Index::read(b"entries: {}").is_err());
        assert!(Index::read(b"<html>").is_err());
        assert!(Index::read(b"").is_err());
        assert!(Index::read(b"{\"apiVersion\": \"v1\", \"entries\": null}").is_ok());
    }

    /// What `helm dependency update` of 4.3.1 and 3.19.0 makes of an index with one entry and some lines more.
    #[test]
    fn an_index_is_refused_where_helm_refuses_it() {
        const ENTRY: &str = "apiVersion: v1\nentries:\n  a:\n  - name: a\n    version: 1.0.0\n    urls: [a-1.0.0.tgz]\n";
        let check = |text: &str, expected: &str| {
            let found = Index::read(text.as_bytes()).map(|index| chosen(&index, "1.x"));
            let found = found.unwrap_or_else(|why| why);
            assert!(found.contains(expected), "{text}: {found}");
        };
        let with = |line: &str, expected: &str| check(&format!("{ENTRY}    {line}\n"), expected);
        check(ENTRY, "1.0.0");
        check(&format!("\u{feff}{ENTRY}"), "1.0.0");
        check(&format!("{ENTRY}---\n["), "1.0.0");
        with("digest: 12", "1.0.0");
        with("appVersion: 1.2", "invalid type");
        with("annotations: {a: 1}", "invalid type");
        with("deprecated: 'yes'", "invalid type");
        with("created: \"2016-10-06T16:23:20.499814565-06:00\"", "1.0.0");
        with("created: 2020-01-01", "`2020-01-01` is no time");
        check(&format!("generated: yesterday\n{ENTRY}"), "is no time");
        with("name: a", "stands there twice");
        with("nobody: knows", "key `nobody`, which Helm does not know");
        with("maintainers: [{name: m, x: y}]", "key `x`");
        with("dependencies: [{name: d, x: y}]", "key `x`");
        with("type: other", "no version");
        with("dependencies: [{name: d, alias: 'a b'}]", "no version");
        with("dependencies: [null]", "no version");
        check(&ENTRY.replace("1.0.0", "1.2"), "invalid type");
        check(&ENTRY.replace("name: a", "name: a/b"), "no version");
        check(&ENTRY.replace("name: a\n", "icon: a\n"), "no version");
        check("apiVersion: v1\nentries: []", "invalid type");
        check(
            "{\"apiVersion\":\"v1\",\"x\":1,\"entries\":{\"a\":[{\"y\":1,\"name\":\"a\",\"version\":\"1.0.0\",\"urls\":[\"x\"]}]}}",
            "1.0.0",
        );
        let wide: Vec<u8> = ENTRY.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let wide = [&[0xff, 0xfe][..], &wide].concat();
        assert!(Index::read(&wide).is_ok());
    }

    /// Each of these took a reader that goes by the square minutes.
    #[test]
    fn what_is_built_to_take_long_is_refused() {
        let check = |text: String, expected: &str| {
            let why = Index::read(text.as_bytes()).unwrap_err();
            assert!(why.contains(expected), "{why}");
        };
        let top = "apiVersion: v1\nentries:\n  a: ";
        let many = 1_000_000;
        for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", "")] {
            let text = format!("{top}{}{}\n", open.repeat(many), close.repeat(many));
            check(text, "the repository's index cannot be read");
        }
        let json = "{\"apiVersion\":\"v1\",\"entries\":{\"a\":";
        let text = format!("{json}{}{}}}}}", "[".repeat(many), "]".repeat(many));
        check(text, "the repository's index cannot be read");
        check("a,".repeat(MAX_PIECES + 1), "lines, items and keys");
        check("\n".repeat(MAX_PIECES + 1), "lines, items and keys");
    }
}
