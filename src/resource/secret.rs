//! Values that nobody may read: which fields of an object they are, and the object without them.
//!
//! Whoever shows or hands on an object goes through here. That a secret changed may be told, its value never.

use super::Resource;
use crate::yaml::{Data, Path, Step, Value};

/// The annotation in which `kubectl apply` keeps a copy of the object, of a Secret's values too.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

impl Resource {
    /// True if and only if values of this object may be secret, so that no report shows them.
    pub fn is_secret(&self) -> bool {
        self.identity.group.is_empty()
            && (self.identity.kind == "Secret" || self.is_list_of_secrets())
    }

    /// A list that nobody took apart (see [`flatten`](super::flatten)) and that holds a Secret.
    fn is_list_of_secrets(&self) -> bool {
        let is_secret = |item: &Value| item.get("kind").and_then(Value::as_str) == Some("Secret");
        let items = self.value.get("items").and_then(Value::as_sequence);
        self.identity.kind == "SecretList"
            || (self.identity.kind == "List" && items.is_some_and(|all| all.iter().any(is_secret)))
    }

    /// True if and only if what stands at `path` is, holds or may be a secret value of this object.
    pub fn hides(&self, path: &Path) -> bool {
        let key = |depth: usize| match path.steps().get(depth) {
            Some(Step::Key(key)) => Some(key.as_str()),
            _ => None,
        };
        self.is_secret()
            && match (key(0), key(1), key(2)) {
                (None | Some("data" | "stringData" | "items"), ..)
                | (Some("metadata"), None, _) => true,
                (Some("metadata"), Some("annotations"), name) => {
                    name.is_none_or(|name| name == LAST_APPLIED)
                }
                _ => false,
            }
    }

    /// The object with each secret value replaced by what `mask` makes of its path. Keys stay; so do empty values.
    pub fn masked(&self, mask: &dyn Fn(&Path) -> String) -> Value {
        let mut value = self.value.clone();
        if !self.is_secret() {
            return value;
        }
        for field in ["data", "stringData", "items"] {
            let path = Path::root().key(field);
            if let Some(values) = value.as_mapping_mut().and_then(|map| map.get_mut(field)) {
                mask_leaves(values, &path, mask);
            }
        }
        let copy = value
            .as_mapping_mut()
            .and_then(|map| map.get_mut("metadata")?.as_mapping_mut())
            .and_then(|map| map.get_mut("annotations")?.as_mapping_mut())
            .and_then(|map| map.get_mut(LAST_APPLIED));
        if let Some(copy) = copy {
            let path = Path::root()
                .key("metadata")
                .key("annotations")
                .key(LAST_APPLIED);
            mask_value(copy, &path, mask);
        }
        value
    }
}

/// Masks the values of a map of secrets; anything else in its place is masked as a whole.
fn mask_leaves(values: &mut Value, path: &Path, mask: &dyn Fn(&Path) -> String) {
    match values.as_mapping_mut() {
        Some(map) => {
            for entry in map.iter_mut() {
                let path = path.clone().key(entry.key.clone());
                mask_value(&mut entry.value, &path, mask);
            }
        }
        None => mask_value(values, path, mask),
    }
}

fn mask_value(value: &mut Value, path: &Path, mask: &dyn Fn(&Path) -> String) {
    let is_empty = match &value.data {
        Data::Null => true,
        Data::String(text) => text.is_empty(),
        _ => false,
    };
    if !is_empty {
        value.data = Data::String(mask(path));
    }
}

#[cfg(test)]
mod tests {
    use crate::resource::tests::object;
    use crate::yaml::Value;

    #[test]
    fn a_secret_is_masked_and_nothing_else_is() {
        let secret = object(
            "apiVersion: v1\nkind: Secret\nmetadata: { name: s }\ndata: { a: eA==, b: '' }\nstringData: { c: { d: x } }\n",
        );
        let masked = secret.masked(&|path| format!("*{path}"));
        let at = |path: &str| masked.at(&path.parse().unwrap()).and_then(Value::as_str);
        assert_eq!(at("data.a"), Some("*data.a"));
        assert_eq!(at("data.b"), Some(""));
        assert_eq!(at("stringData.c"), Some("*stringData.c"));
        assert_eq!(at("metadata.name"), Some("s"));
        let list = object(
            "apiVersion: v1\nkind: List\nitems: [{ kind: Secret, stringData: { a: TOPSECRET } }]\n",
        );
        assert!(!format!("{:?}", list.masked(&|_| "*".to_owned())).contains("TOPSECRET"));
        assert!(list.hides(&"items[0].stringData.a".parse().unwrap()));
        let map = object("apiVersion: v1\nkind: ConfigMap\ndata: { a: x }\n");
        assert_eq!(map.masked(&|_| "*".to_owned()), map.value);
    }
}
