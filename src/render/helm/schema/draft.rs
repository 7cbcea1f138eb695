//! The drafts of JSON Schema: their names, where their schemas nest, and what their metaschemas are.

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use super::address::split;
use super::compile::{Compiled, Compiler};
use super::document::Json;
use crate::discover::HelmVersion;
use crate::origin::Origins;

/// A draft of JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Draft {
    D4,
    D6,
    D7,
    D2019,
    D2020,
}

/// How schemas lie under a keyword.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Nesting {
    /// The keyword has a schema.
    One,
    /// The keyword has a list of schemas.
    List,
    /// The keyword has an object of schemas.
    Map,
}

const NESTED: &[(&str, &[Nesting], Draft)] = &[
    ("definitions", &[Nesting::Map], Draft::D4),
    ("not", &[Nesting::One], Draft::D4),
    ("allOf", &[Nesting::List], Draft::D4),
    ("anyOf", &[Nesting::List], Draft::D4),
    ("oneOf", &[Nesting::List], Draft::D4),
    ("properties", &[Nesting::Map], Draft::D4),
    ("additionalProperties", &[Nesting::One], Draft::D4),
    ("patternProperties", &[Nesting::Map], Draft::D4),
    ("items", &[Nesting::One, Nesting::List], Draft::D4),
    ("additionalItems", &[Nesting::One], Draft::D4),
    ("dependencies", &[Nesting::Map], Draft::D4),
    ("propertyNames", &[Nesting::One], Draft::D6),
    ("contains", &[Nesting::One], Draft::D6),
    ("if", &[Nesting::One], Draft::D7),
    ("then", &[Nesting::One], Draft::D7),
    ("else", &[Nesting::One], Draft::D7),
    ("$defs", &[Nesting::Map], Draft::D2019),
    ("dependentSchemas", &[Nesting::Map], Draft::D2019),
    ("unevaluatedProperties", &[Nesting::One], Draft::D2019),
    ("unevaluatedItems", &[Nesting::One], Draft::D2019),
    ("contentSchema", &[Nesting::One], Draft::D2019),
    ("prefixItems", &[Nesting::List], Draft::D2020),
];

impl Draft {
    const ALL: [Self; 5] = [Self::D4, Self::D6, Self::D7, Self::D2019, Self::D2020];

    /// What `$schema` names, if it is a draft.
    pub(super) fn named(url: &str) -> Option<Self> {
        let (url, fragment) = split(url);
        if !fragment.is_empty() {
            return None;
        }
        let name = url
            .strip_prefix("http://")
            .or_else(|| url.strip_prefix("https://"))
            .unwrap_or(url);
        Some(match name {
            "json-schema.org/schema" | "json-schema.org/draft/2020-12/schema" => Self::D2020,
            "json-schema.org/draft/2019-09/schema" => Self::D2019,
            "json-schema.org/draft-07/schema" => Self::D7,
            "json-schema.org/draft-06/schema" => Self::D6,
            "json-schema.org/draft-04/schema" => Self::D4,
            _ => return None,
        })
    }

    fn url(self) -> &'static str {
        match self {
            Self::D4 => "http://json-schema.org/draft-04/schema",
            Self::D6 => "http://json-schema.org/draft-06/schema",
            Self::D7 => "http://json-schema.org/draft-07/schema",
            Self::D2019 => "https://json-schema.org/draft/2019-09/schema",
            Self::D2020 => "https://json-schema.org/draft/2020-12/schema",
        }
    }

    /// The keyword that gives a schema its URL.
    pub(super) fn id_keyword(self) -> &'static str {
        if self == Self::D4 { "id" } else { "$id" }
    }

    /// The keywords that hold schemas, and how.
    pub(super) fn nested(self) -> impl Iterator<Item = (&'static str, Nesting)> {
        let known = NESTED.iter().filter(move |(_, _, since)| *since <= self);
        known.flat_map(|(keyword, nestings, _)| nestings.iter().map(|nesting| (*keyword, *nesting)))
    }
}

/// The documents of the drafts by their paths, without what only people read.
static DOCUMENTS: LazyLock<BTreeMap<String, Json>> = LazyLock::new(|| {
    let text = include_str!("metaschemas.json");
    match Json::read(text.as_bytes(), HelmVersion::V4, &mut Origins::untraced()) {
        Ok(Json::Object(documents)) => documents,
        _ => BTreeMap::new(),
    }
});

/// The metaschemas of one draft, or of all.
pub(super) struct Metaschemas {
    compiled: Compiled,
    roots: Vec<(Draft, usize)>,
}

impl Metaschemas {
    fn new(drafts: &[Draft]) -> Self {
        let mut compiler = Compiler::for_metaschemas();
        let roots = drafts
            .iter()
            .filter_map(|draft| Some((*draft, compiler.compile(draft.url()).ok()?)))
            .collect();
        Self {
            compiled: compiler.finish(),
            roots,
        }
    }

    /// Those of some drafts. Most schemas are of one, and to compile all takes longer than to render a chart.
    pub(super) fn of(mut drafts: impl Iterator<Item = Draft>) -> &'static Self {
        static OF_ONE: [OnceLock<Metaschemas>; Draft::ALL.len()] =
            [const { OnceLock::new() }; Draft::ALL.len()];
        static OF_ALL: OnceLock<Metaschemas> = OnceLock::new();
        let first = drafts.next().unwrap_or(Draft::D2020);
        match OF_ONE.get(first as usize) {
            Some(known) if drafts.all(|draft| draft == first) => {
                known.get_or_init(|| Self::new(&[first]))
            }
            _ => OF_ALL.get_or_init(|| Self::new(&Draft::ALL)),
        }
    }

    /// All of them, with what they refer to.
    pub(super) fn compiled(&self) -> &Compiled {
        &self.compiled
    }

    /// The place of a draft's metaschema among all of them.
    pub(super) fn root(&self, draft: Draft) -> usize {
        let root = self.roots.iter().find(|(known, _)| *known == draft);
        root.map_or(0, |(_, root)| *root)
    }
}

/// The document of a draft, which needs no fetching.
pub(super) fn document(url: &str) -> Option<&'static Json> {
    let path = url
        .strip_prefix("http://json-schema.org/")
        .or_else(|| url.strip_prefix("https://json-schema.org/"))?;
    DOCUMENTS.get(if path == "schema" {
        "draft/2020-12/schema"
    } else {
        path
    })
}
