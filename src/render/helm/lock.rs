//! `Chart.lock`: the versions that were chosen for the dependencies, and whether they still belong to what `Chart.yaml` asks for.
//!
//! The digest in it is that of Helm's `resolver.HashReq`: both lists of dependencies as Go's JSON, hashed. A chart of the first
//! version may have one that Helm 2 wrote (`HashV2Req`), which covers only what is asked for.

use sha2::{Digest, Sha256};

use super::chart::Chart;
use super::content::Content;
use super::function::{Context, Limits};
use super::functions::crypto::hex;
use super::functions::json::{Layout, write};
use super::metadata::{self, Dependency};
use super::value::Value;
use crate::discover::HelmVersion;
use crate::origin::{Origin, Origins};
use crate::yaml::{self, Dialect};

/// What a chart's lock file says.
pub(super) enum Locked {
    /// There is none: the constraints decide.
    Nothing,
    /// It was made for other dependencies.
    Stale,
    /// The dependencies with the versions that were chosen.
    Versions(Vec<Dependency>),
}

impl Locked {
    /// Reads the lock file of a chart whose dependencies have not been processed yet.
    pub(super) fn read(chart: &Chart, origins: &mut Origins) -> Self {
        let Some(file) = &chart.lock else {
            return Self::Nothing;
        };
        if is_blank(&file.content) {
            return Self::Nothing;
        }
        let Ok(Some((digest, versions))) = metadata::locked(&file.content) else {
            return Self::Stale;
        };
        let asked = list(&chart.metadata.asked(), origins);
        let chosen = list(&versions, origins);
        let is_v1 = chart.metadata.api_version.as_bytes() == b"v1";
        let fits = digest == hash(&format!("[{asked},{chosen}]"))
            || is_v1 && digest == hash(&format!("{{\"dependencies\":{asked}}}"));
        if fits {
            Self::Versions(versions)
        } else {
            Self::Stale
        }
    }

    /// The version chosen for a dependency. A name may stand twice, with two constraints.
    pub(super) fn version_of(&self, dependency: &Dependency) -> Option<String> {
        let Self::Versions(versions) = self else {
            return None;
        };
        let same = |chosen: &&Dependency| {
            chosen.name.lossy() == dependency.name.lossy()
                && chosen.repository.lossy() == dependency.repository.lossy()
                && super::chart::is_compatible(&dependency.version.lossy(), &chosen.version.lossy())
        };
        let chosen = versions.iter().find(same)?;
        Some(chosen.version.lossy().into_owned())
    }
}

/// True for a file without content, such as one of comments only: to Helm that is no lock.
fn is_blank(content: &Content) -> bool {
    let stream = content.stream();
    let null = |document: &yaml::Document| {
        let value = document.value(Dialect::Helm, &mut |_| Origin::NONE);
        value.is_ok_and(|value| value.is_null())
    };
    stream.error.is_none() && stream.documents.first().is_none_or(null)
}

fn hash(text: &str) -> String {
    format!("sha256:{}", hex(&Sha256::digest(text.as_bytes())))
}

/// Dependencies as Go marshals them: fields in the order of the struct, empty ones left out but for `repository`.
fn list(dependencies: &[Dependency], origins: &mut Origins) -> String {
    let mut context = Context::new(origins, "", HelmVersion::V4, Limits::default());
    let mut json = |value: &Value| {
        let layout = Layout {
            pretty: false,
            html: true,
        };
        let text = write(&mut context, value, layout);
        text.map(|text| text.lossy().into_owned())
            .unwrap_or_default()
    };
    let items: Vec<String> = dependencies
        .iter()
        .map(|dependency| {
            let mut fields = Vec::new();
            let mut field = |name: &str, value: Option<String>| {
                fields.extend(value.map(|value| format!("\"{name}\":{value}")));
            };
            let mut text = |text: &super::string::Text| json(&Value::from(text.clone()));
            field("name", Some(text(&dependency.name)));
            let version = (!dependency.version.is_empty()).then(|| text(&dependency.version));
            field("version", version);
            field("repository", Some(text(&dependency.repository)));
            let condition = (!dependency.condition.is_empty()).then(|| text(&dependency.condition));
            field("condition", condition);
            let tags: Vec<String> = dependency.tags.iter().map(&mut text).collect();
            let alias = (!dependency.alias.is_empty()).then(|| text(&dependency.alias));
            field(
                "tags",
                (!tags.is_empty()).then(|| format!("[{}]", tags.join(","))),
            );
            field("enabled", dependency.enabled.then(|| "true".to_owned()));
            let imports = (!dependency.import_values.is_empty())
                .then(|| json(&Value::list(dependency.import_values.clone(), Origin::NONE)));
            field("import-values", imports);
            field("alias", alias);
            format!("{{{}}}", fields.join(","))
        })
        .collect();
    format!("[{}]", items.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Cache;
    use crate::snapshot::{Memory, Tree};
    use crate::text::RepoPath;

    /// Dependencies with all their fields, and the lock that `helm dependency update` (v4.3.1 and v3.19.0) wrote for them.
    const MANIFEST: &str = "apiVersion: v2\nname: web\nversion: 0.1.0\ndependencies:\n- name: redis\n  version: \">=17.0.0 <17.2 || ^17.1\"\n  repository: http://127.0.0.1:18181\n  alias: cache\n  condition: cache.enabled\n  tags: [a, \"b<c\"]\n  import-values:\n  - child: service\n    parent: imported\n  - data\n- name: lib\n  version: 0.x.x\n  repository: http://127.0.0.1:18181\n";
    const LOCK: &str = "dependencies:\n- name: redis\n  repository: http://127.0.0.1:18181\n  version: 17.3.0\n- name: lib\n  repository: http://127.0.0.1:18181\n  version: 0.2.0+build.1\ndigest: sha256:961a68f705be75ba087865ab378c7b9ac8a0948c9c7f637748104a339658c407\ngenerated: \"2026-11-28T14:13:42.913159442Z\"\n";

    #[test]
    fn the_digest_is_helms() {
        let read = |manifest: &str, lock: &str| {
            let files = [("c/Chart.yaml", manifest), ("c/Chart.lock", lock)];
            let snapshot = Memory::new("test", files).unwrap();
            let path = RepoPath::new("c").unwrap();
            let mut origins = Origins::new();
            let tree = Tree::new(&snapshot);
            let (cache, helm) = (Cache::default(), HelmVersion::V4);
            let chart = super::super::chart::load(&tree, &cache, &path, helm, &mut origins);
            let chart = chart.unwrap();
            let locked = Locked::read(&chart, &mut origins);
            let asked = chart.metadata.asked();
            asked
                .iter()
                .map(|dependency| locked.version_of(dependency))
                .collect::<Option<Vec<_>>>()
        };
        let versions = ["17.3.0", "0.2.0+build.1"].map(str::to_owned);
        assert_eq!(read(MANIFEST, LOCK), Some(versions.into()));
        assert_eq!(read(&MANIFEST.replace("b<c", "b"), LOCK), None);
        assert_eq!(read(MANIFEST, &LOCK.replace("17.3.0", "17.1.2")), None);
        assert_eq!(read(MANIFEST, ""), None);
        let is_blank = |text: &str| is_blank(&Content::new(text.as_bytes().into()));
        for blank in ["", "# nothing\n", "---\n", "null\n", "\n\n"] {
            assert!(is_blank(blank), "{blank}");
        }
        for lock in ["{}", "[]", "\"\"", LOCK, "["] {
            assert!(!is_blank(lock), "{lock}");
        }
    }
}
