//! What the other objects are to one object, joined natively: the `facts` of a control's input.
//!
//! A rule that joins in Rego looks at every object for every object. Here each side is indexed once, and the facts of an object
//! are looked up; what they are called and mean is written down in `input`.

use std::collections::BTreeMap;

use super::rego::Document;
use crate::access::{Access, Grant};
use crate::network::{self, Network};
use crate::resource::Placed;
use crate::yaml::Value;

/// The objects of one side, indexed.
pub(super) struct Facts<'a> {
    objects: &'a [Placed<'a>],
    network: Network<'a>,
    access: Access<'a>,
    /// The objects that name another one, by its kind, namespace and name, with what for.
    users: BTreeMap<(&'static str, &'a str, &'a str), Vec<(usize, &'static str)>>,
    /// By namespace and name.
    service_accounts: BTreeMap<(&'a str, &'a str), usize>,
    namespaces: BTreeMap<&'a str, usize>,
    /// How many objects of each kind a namespace has.
    population: BTreeMap<&'a str, BTreeMap<String, u64>>,
    /// The autoscalers, by namespace, kind and name of what they scale.
    autoscalers: BTreeMap<(&'a str, &'a str, &'a str), Vec<usize>>,
}

impl<'a> Facts<'a> {
    /// Indexes the objects of one side.
    pub(super) fn of(objects: &'a [Placed<'a>], everything: &'a Value) -> Self {
        let mut facts = Self {
            objects,
            network: Network::of(objects),
            access: Access::of(objects, everything),
            users: BTreeMap::new(),
            service_accounts: BTreeMap::new(),
            namespaces: BTreeMap::new(),
            population: BTreeMap::new(),
            autoscalers: BTreeMap::new(),
        };
        for (index, object) in objects.iter().enumerate() {
            let namespace = object.namespace.as_str();
            let name = object.resource.identity.name.as_str();
            for used in object.resource.references() {
                let users = facts.users.entry((used.kind, namespace, used.name));
                users.or_default().push((index, used.how));
            }
            if object.is("", "ServiceAccount") {
                facts.service_accounts.insert((namespace, name), index);
            }
            if object.is("", "Namespace") {
                facts.namespaces.insert(name, index);
            }
            if let Some((kind, target)) = scaled(object) {
                let of = facts.autoscalers.entry((namespace, kind, target));
                of.or_default().push(index);
            }
            let kinds = facts.population.entry(namespace).or_default();
            *kinds.entry(kind(object)).or_default() += 1;
        }
        facts
    }

    /// What the indexed objects are to `object`, which need not be one of them.
    pub(super) fn about(&self, object: &Placed<'_>) -> Document {
        let mut facts: Vec<(&str, Document)> = Vec::new();
        if !object.namespace.is_empty() {
            facts.push(("namespace", self.namespace(&object.namespace)));
        }
        if let Some(account) = object.resource.service_account() {
            let found = |indices| self.named(indices);
            facts.push(("policies", self.policies(&self.network.policies(object))));
            let foreign = self.network.foreign(&object.namespace);
            facts.push(("foreign_policies", found(foreign)));
            let services = self.network.services(object);
            facts.push((
                "services",
                self.list(services, |service| self.service(service)),
            ));
            facts.push(("budgets", found(self.network.budgets(object))));
            facts.push(("autoscalers", found(self.scalers(object))));
            facts.push(("service_account", self.account(&object.namespace, account)));
            facts.push(("rules", self.rules(&object.namespace, account)));
        }
        let identity = &object.resource.identity;
        match identity.kind.as_str() {
            "ServiceAccount" if object.is("", "ServiceAccount") => {
                facts.push(("rules", self.rules(&object.namespace, &identity.name)));
                facts.push(("users", self.users("ServiceAccount", object)));
            }
            "PersistentVolumeClaim" if object.is("", "PersistentVolumeClaim") => {
                facts.push(("users", self.users("PersistentVolumeClaim", object)));
            }
            "ConfigMap" if object.is("", "ConfigMap") => {
                facts.push(("users", self.users("ConfigMap", object)));
            }
            "Secret" if object.is("", "Secret") => {
                facts.push(("users", self.users("Secret", object)));
            }
            "RoleBinding" | "ClusterRoleBinding" => {
                let rules = self.access.role(object);
                let rules = rules.map(|rules| {
                    Document::list(rules.iter().filter_map(|rule| Document::from_value(rule)))
                });
                let role = rules.map(|rules| Document::object([("rules", rules)]));
                facts.push(("role", role.unwrap_or_else(Document::null)));
            }
            "Role" | "ClusterRole" => {
                let bindings = self.access.bindings(object).to_vec();
                facts.push((
                    "bindings",
                    self.list(bindings, |binding| {
                        let subjects = binding
                            .resource
                            .value
                            .get("subjects")
                            .and_then(Document::from_value);
                        let mut entries = name(binding);
                        entries.push(("subjects", subjects.unwrap_or_else(|| Document::list([]))));
                        Document::object(entries)
                    }),
                ));
            }
            "Service" if object.is("", "Service") => {
                facts.push(("pods", self.named(self.network.selected(object))));
                facts.push(("exposed", self.exposed(object)));
            }
            "NetworkPolicy" | "PodDisruptionBudget" => {
                facts.push(("pods", self.named(self.network.selected(object))));
            }
            "Namespace" if object.is("", "Namespace") => {
                let kinds = self.population.get(identity.name.as_str());
                let kinds = kinds.into_iter().flatten();
                let counted = kinds.map(|(kind, count)| (kind, Document::count(*count)));
                facts.push(("objects", Document::object(counted)));
                let policies = self.objects.iter().enumerate().filter(|(_, other)| {
                    other.namespace == identity.name
                        && other.is("networking.k8s.io", "NetworkPolicy")
                });
                let policies: Vec<usize> = policies.map(|(index, _)| index).collect();
                facts.push(("policies", self.policies(&policies)));
                facts.push((
                    "foreign_policies",
                    self.named(self.network.foreign(&identity.name)),
                ));
            }
            _ => {}
        }
        Document::object(facts)
    }

    fn list(&self, indices: Vec<usize>, tell: impl Fn(&Placed<'a>) -> Document) -> Document {
        let objects = indices
            .into_iter()
            .filter_map(|index| self.objects.get(index));
        Document::list(objects.map(tell))
    }

    fn named(&self, indices: Vec<usize>) -> Document {
        self.list(indices, |object| Document::object(name(object)))
    }

    fn policies(&self, indices: &[usize]) -> Document {
        self.list(indices.to_vec(), |policy| {
            let value = &policy.resource.value;
            let mut entries = name(policy);
            for (key, direction) in [("ingress", "Ingress"), ("egress", "Egress")] {
                entries.push((key, Document::flag(network::governs(value, direction))));
            }
            Document::object(entries)
        })
    }

    fn service(&self, service: &Placed<'a>) -> Document {
        let spec = service.resource.value.get("spec");
        let kind = spec
            .and_then(|spec| spec.get("type"))
            .and_then(Value::as_str);
        let mut entries = name(service);
        entries.push(("type", Document::text(kind.unwrap_or("ClusterIP"))));
        entries.push(("exposed", self.exposed(service)));
        Document::object(entries)
    }

    fn exposed(&self, service: &Placed<'_>) -> Document {
        Document::list(self.network.exposures(service).into_iter().map(|way| {
            Document::object([
                ("by", Document::text(&way.by)),
                ("name", Document::text(&way.name)),
                ("namespace", Document::text(&way.namespace)),
                (
                    "hosts",
                    Document::list(way.hosts.iter().map(|host| Document::text(host))),
                ),
                ("tls", Document::flag(way.tls)),
                ("internal", Document::flag(way.internal)),
            ])
        }))
    }

    fn namespace(&self, name: &str) -> Document {
        let Some(object) = self
            .namespaces
            .get(name)
            .and_then(|index| self.objects.get(*index))
        else {
            return Document::null();
        };
        let metadata = object.resource.value.get("metadata");
        Document::object(["labels", "annotations"].map(|key| {
            let map = metadata
                .and_then(|metadata| metadata.get(key))
                .and_then(Document::from_value);
            (key, map.unwrap_or_else(|| Document::object::<&str>([])))
        }))
    }

    fn account(&self, namespace: &str, name: &str) -> Document {
        let object = self
            .service_accounts
            .get(&(namespace, name))
            .and_then(|index| self.objects.get(*index));
        let automount =
            object.and_then(|object| object.resource.value.get("automountServiceAccountToken"));
        Document::object([
            ("name", Document::text(name)),
            ("known", Document::flag(object.is_some())),
            (
                "bound",
                Document::flag(self.access.is_bound(namespace, name)),
            ),
            (
                "automount",
                automount
                    .and_then(Document::from_value)
                    .unwrap_or_else(Document::null),
            ),
        ])
    }

    fn rules(&self, namespace: &str, account: &str) -> Document {
        let grants = self.access.service_account(namespace, account);
        Document::list(grants.iter().flat_map(|grant| self.rules_of(grant)))
    }

    fn rules_of(&self, grant: &Grant<'_>) -> Vec<Document> {
        let Some(binding) = self.objects.get(grant.binding) else {
            return Vec::new();
        };
        let role = Document::object([
            ("kind", Document::text(&grant.role_kind)),
            ("name", Document::text(&grant.role)),
        ]);
        let rules = grant.rules.iter().flatten().map(|rule| {
            let lists = [
                "apiGroups",
                "resources",
                "verbs",
                "resourceNames",
                "nonResourceURLs",
            ];
            let lists = lists.map(|key| {
                let list = rule.get(key).filter(|value| value.as_sequence().is_some());
                (
                    key,
                    list.and_then(Document::from_value)
                        .unwrap_or_else(|| Document::list([])),
                )
            });
            Document::object(lists.into_iter().chain([
                ("binding", Document::object(name(binding))),
                ("role", role.clone()),
                ("namespace", Document::text(&grant.namespace)),
            ]))
        });
        rules.collect()
    }

    fn users(&self, kind: &'static str, object: &Placed<'_>) -> Document {
        let key = (
            kind,
            object.namespace.as_str(),
            object.resource.identity.name.as_str(),
        );
        let users = self.users.get(&key).map_or(&[][..], Vec::as_slice);
        Document::list(users.iter().filter_map(|(index, how)| {
            let mut entries = name(self.objects.get(*index)?);
            entries.push(("how", Document::text(how)));
            Some(Document::object(entries))
        }))
    }

    fn scalers(&self, object: &Placed<'_>) -> Vec<usize> {
        let identity = &object.resource.identity;
        let key = (
            object.namespace.as_str(),
            identity.kind.as_str(),
            identity.name.as_str(),
        );
        self.autoscalers.get(&key).cloned().unwrap_or_default()
    }
}

/// `Deployment.apps`, `Pod`.
pub(super) fn kind(object: &Placed<'_>) -> String {
    let identity = object.resource.identity.canonical();
    if identity.group.is_empty() {
        identity.kind
    } else {
        format!("{}.{}", identity.kind, identity.group)
    }
}

fn name(object: &Placed<'_>) -> Vec<(&'static str, Document)> {
    let identity = object.resource.identity.canonical();
    vec![
        ("kind", Document::text(&identity.kind)),
        ("group", Document::text(&identity.group)),
        ("name", Document::text(&identity.name)),
        ("namespace", Document::text(&object.namespace)),
    ]
}

/// The kind and name of what an autoscaler scales.
fn scaled<'a>(object: &Placed<'a>) -> Option<(&'a str, &'a str)> {
    let is_scaler =
        object.is("autoscaling", "HorizontalPodAutoscaler") || object.is("keda.sh", "ScaledObject");
    if !is_scaler {
        return None;
    }
    let target = object.resource.value.get("spec")?.get("scaleTargetRef")?;
    let field = |key| target.get(key).and_then(Value::as_str);
    Some((field("kind").unwrap_or("Deployment"), field("name")?))
}
