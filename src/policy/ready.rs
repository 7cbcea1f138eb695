//! Controls made ready for the kinds of an object: which of them can judge it, what each is given, and the engine that holds them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock, PoisonError};

use super::Policy;
use super::input;
use super::rego::{Document, Engine};
use crate::change::Pair;
use crate::control::{Control, On, Reads, Setting};
use crate::resource::Resource;

/// What an object's controls are chosen by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ObjectKind {
    group: String,
    kind: String,
    has_pods: bool,
}

impl ObjectKind {
    pub(super) fn of(object: &Resource) -> Self {
        let identity = object.identity.canonical();
        Self {
            group: identity.group,
            kind: identity.kind,
            has_pods: object.pod().is_some(),
        }
    }

    /// The kinds of a pair: one, but where a change makes another kind of the same object.
    pub(super) fn of_pair(pair: &Pair<'_>) -> Vec<Self> {
        let objects = [pair.before, pair.after].into_iter().flatten();
        let mut kinds: Vec<Self> = objects.map(Self::of).collect();
        kinds.dedup();
        kinds
    }

    pub(super) fn is_judged_by(&self, control: &Control) -> bool {
        control.applies_to_kind(&self.group, &self.kind, self.has_pods)
    }
}

/// Kinds of objects that are met together. A control that can judge several of them is loaded once, when the first is judged.
pub(super) struct Family {
    /// No other family has it.
    number: usize,
    members: BTreeSet<Vec<ObjectKind>>,
    loaded: OnceLock<Arc<Loaded>>,
}

impl Family {
    fn new(number: usize, members: BTreeSet<Vec<ObjectKind>>) -> Arc<Self> {
        Arc::new(Self {
            number,
            members,
            loaded: OnceLock::new(),
        })
    }
}

/// The controls of a family.
struct Loaded {
    number: usize,
    usual: Engine,
    /// The controls that few objects concern: loaded when the first one does, by whichever thread meets it.
    rare: OnceLock<Engine>,
    asked: BTreeMap<Vec<ObjectKind>, Asked>,
}

/// How the controls that can judge objects of some kinds are asked.
#[derive(Clone)]
struct Asked {
    groups: Arc<[Group]>,
    joint: Option<Arc<Joint>>,
}

/// Controls that can judge objects of some kinds, loaded. A clone is cheap.
#[derive(Clone)]
pub(super) struct Ready {
    loaded: Arc<Loaded>,
    pub(super) groups: Arc<[Group]>,
    pub(super) joint: Option<Arc<Joint>>,
}

/// The engines that one thread works with: of each family its usual one, or that of its rare controls.
#[derive(Default)]
pub(super) struct Engines(BTreeMap<(usize, bool), Engine>);

/// Usual groups of built-in controls that are asked as one wherever all of them are asked about the same sides of an object: each
/// evaluation computes anew what controls import. That these read only what they name is shown by the tests of their pages.
pub(super) struct Joint {
    pub(super) group: Group,
    /// The places of the groups.
    pub(super) parts: Vec<usize>,
}

/// Controls that are given the same, so that they are asked together.
pub(super) struct Group {
    pub(super) given: Given,
    pub(super) config: Option<Document>,
    /// Their places.
    pub(super) controls: Vec<usize>,
    /// True for controls that are only asked about an object that mentions what they look for.
    is_rare: bool,
}

impl Group {
    fn new(given: Given, controls: Vec<usize>, is_rare: bool) -> Self {
        Self {
            config: given.config.as_ref().map(input::config),
            given,
            controls,
            is_rare,
        }
    }
}

impl Engines {
    /// The engine that holds a group.
    pub(super) fn of(&mut self, policy: &Policy, ready: &Ready, group: &Group) -> &mut Engine {
        let loaded = &ready.loaded;
        let engine = self.0.entry((loaded.number, group.is_rare));
        engine.or_insert_with(|| {
            if group.is_rare {
                let rare = loaded.rare.get_or_init(|| {
                    let controls = policy.held(loaded.asked.values(), true);
                    Engine::load(&policy.libraries, &controls, [])
                });
                rare.clone()
            } else {
                loaded.usual.clone()
            }
        })
    }
}

/// What a control is given beside the object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Given {
    pub(super) before: bool,
    pub(super) inventory: Wanted,
    pub(super) facts: bool,
    /// What is set for a control for which something can be set.
    config: Option<BTreeMap<String, Setting>>,
}

/// Which kinds of the inventory a control reads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wanted {
    Nothing,
    Kinds(BTreeSet<String>),
    Everything,
}

impl Wanted {
    pub(super) fn of(control: &Control) -> Self {
        match &control.inventory {
            _ if !control.reads(Reads::Inventory) => Self::Nothing,
            Some(kinds) => Self::Kinds(kinds.clone()),
            None => Self::Everything,
        }
    }

    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::Nothing
    }

    pub(super) fn wants(&self, kind: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Kinds(kinds) => kinds.contains(kind),
            Self::Everything => true,
        }
    }

    /// What is wanted by either.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Everything, _) | (_, Self::Everything) => Self::Everything,
            (Self::Nothing, other) => other,
            (this, Self::Nothing) => this,
            (Self::Kinds(mut these), Self::Kinds(others)) => {
                these.extend(others);
                Self::Kinds(these)
            }
        }
    }
}

impl Given {
    pub(super) fn to(control: &Control) -> Self {
        Self {
            before: control.reads(Reads::Before),
            inventory: Wanted::of(control),
            facts: control.reads(Reads::Facts),
            config: (!control.parameters.is_empty()).then(|| {
                let parameters = control.parameters.iter();
                parameters
                    .map(|(name, parameter)| (name.clone(), parameter.value.clone()))
                    .collect()
            }),
        }
    }

    /// True where one input can be what either is given, without a setting that means two things.
    fn agrees(&self, other: &Self) -> bool {
        self.before == other.before
            && self.facts == other.facts
            && self.inventory.is_nothing() == other.inventory.is_nothing()
            && self.is_set_as(other)
    }

    /// True where no setting means two things.
    fn is_set_as(&self, other: &Self) -> bool {
        let mut settings = other.config.iter().flatten();
        settings.all(|(name, value)| {
            let own = self.config.as_ref().and_then(|own| own.get(name));
            own.is_none_or(|own| own == value)
        })
    }

    fn take(&mut self, other: Self) {
        let inventory = std::mem::replace(&mut self.inventory, Wanted::Nothing);
        self.inventory = inventory.or(other.inventory);
        self.facts |= other.facts;
        if let Some(settings) = other.config {
            self.config.get_or_insert_default().extend(settings);
        }
    }
}

/// Fewer groups: each evaluation computes anew what the controls of a group import, so that many small ones are dear. Controls
/// that differ only in what is set for them, or in the kinds that they look for, are given all of it together.
fn merged(groups: BTreeMap<Given, Vec<usize>>) -> Vec<(Given, Vec<usize>)> {
    let mut merged: Vec<(Given, Vec<usize>)> = Vec::new();
    for (given, places) in groups {
        match merged.iter_mut().find(|(other, _)| other.agrees(&given)) {
            Some((other, controls)) => {
                other.take(given);
                controls.extend(places);
                controls.sort_unstable();
            }
            None => merged.push((given, places)),
        }
    }
    merged
}

impl Policy {
    /// Is told which kinds of objects will be met, so that those with pods are loaded together, and the others.
    pub(super) fn expect(&self, kinds: impl IntoIterator<Item = Vec<ObjectKind>>) {
        let mut families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        let kinds = kinds.into_iter();
        let (with_pods, others): (BTreeSet<_>, BTreeSet<_>) = kinds
            .filter(|kinds| !families.contains_key(kinds))
            .partition(|kinds| kinds.iter().any(|kind| kind.has_pods));
        for members in [with_pods, others] {
            let family = Family::new(families.len(), members);
            for kinds in &family.members {
                families.insert(kinds.clone(), Arc::clone(&family));
            }
        }
    }

    /// The controls that can judge objects of these kinds, which are loaded where they were not needed before.
    pub(super) fn ready(&self, kinds: &[ObjectKind]) -> Ready {
        let family = {
            let mut families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
            let number = families.len();
            let alone = || Family::new(number, BTreeSet::from([kinds.to_vec()]));
            Arc::clone(families.entry(kinds.to_vec()).or_insert_with(alone))
        };
        let loaded = family.loaded.get_or_init(|| Arc::new(self.load(&family)));
        let asked = loaded.asked.get(kinds).cloned();
        let Asked { groups, joint } = asked.unwrap_or_else(|| self.asked(&self.places(kinds)));
        Ready {
            loaded: Arc::clone(loaded),
            groups,
            joint,
        }
    }

    /// The places of the controls that can judge objects of these kinds.
    fn places(&self, kinds: &[ObjectKind]) -> Vec<usize> {
        let all = self.controls.iter().enumerate();
        all.filter(|(_, control)| kinds.iter().any(|kind| kind.is_judged_by(control)))
            .map(|(place, _)| place)
            .collect()
    }

    fn load(&self, family: &Family) -> Loaded {
        let mut by_places: BTreeMap<Vec<usize>, Asked> = BTreeMap::new();
        let asked: BTreeMap<Vec<ObjectKind>, Asked> = family
            .members
            .iter()
            .map(|kinds| {
                let asked = by_places
                    .entry(self.places(kinds))
                    .or_insert_with_key(|places| self.asked(places));
                (kinds.clone(), asked.clone())
            })
            .collect();
        let groups = by_places.values().flat_map(|asked| {
            let joined = asked.joint.iter().map(|joint| &joint.group);
            joined.chain(asked.groups.iter())
        });
        let batches = self.batches(groups.filter(|group| !group.is_rare));
        Loaded {
            number: family.number,
            usual: Engine::load(
                &self.libraries,
                &self.held(by_places.values(), false),
                batches,
            ),
            rare: OnceLock::new(),
            asked,
        }
    }

    /// The controls of the usual groups, or of the rare ones.
    fn held<'a>(&self, asked: impl Iterator<Item = &'a Asked>, is_rare: bool) -> Vec<&Control> {
        let groups = asked.flat_map(|asked| asked.groups.iter());
        let places: BTreeSet<usize> = groups
            .filter(|group| group.is_rare == is_rare)
            .flat_map(|group| group.controls.iter().copied())
            .collect();
        let places = places.into_iter();
        places
            .filter_map(|place| self.controls.get(place))
            .collect()
    }

    fn asked(&self, places: &[usize]) -> Asked {
        let mut usual: BTreeMap<Given, Vec<usize>> = BTreeMap::new();
        let mut rare: BTreeMap<Given, Vec<usize>> = BTreeMap::new();
        for place in places {
            let Some(control) = self.controls.get(*place) else {
                continue;
            };
            let groups = if control.mentions.is_empty() {
                &mut usual
            } else {
                &mut rare
            };
            groups.entry(Given::to(control)).or_default().push(*place);
        }
        let groups = |is_rare, groups| {
            let groups = merged(groups).into_iter();
            groups.map(move |(given, controls)| Group::new(given, controls, is_rare))
        };
        let groups: Vec<Group> = groups(false, usual).chain(groups(true, rare)).collect();
        Asked {
            joint: self.joint(&groups).map(Arc::new),
            groups: groups.into(),
        }
    }

    /// The groups that can be asked as one; `None` where there are not several.
    fn joint(&self, groups: &[Group]) -> Option<Joint> {
        let are_ours = |group: &Group| {
            let mut places = group.controls.iter();
            places.all(|place| {
                self.controls
                    .get(*place)
                    .is_some_and(|control| control.built_in)
            })
        };
        let mut parts: Vec<usize> = Vec::new();
        let mut given: Option<Given> = None;
        let mut controls: Vec<usize> = Vec::new();
        for (place, group) in groups.iter().enumerate() {
            if group.is_rare || group.given.before || !are_ours(group) {
                continue;
            }
            match &mut given {
                None => given = Some(group.given.clone()),
                Some(given) if given.is_set_as(&group.given) => given.take(group.given.clone()),
                Some(_) => continue,
            }
            parts.push(place);
            controls.extend(&group.controls);
        }
        controls.sort_unstable();
        let group = Group::new(given?, controls, false);
        (parts.len() > 1).then_some(Joint { group, parts })
    }

    /// Every set of controls that one object can be asked about at once.
    fn batches<'g>(&self, groups: impl Iterator<Item = &'g Group>) -> Vec<Vec<&Control>> {
        let mut batches: Vec<Vec<&Control>> = Vec::new();
        for group in groups {
            let controls = || {
                let places = group.controls.iter();
                places.filter_map(|place| self.controls.get(*place))
            };
            if group.given.before {
                for on in [On::Added, On::Changed, On::Removed, On::Affected] {
                    batches.push(
                        controls()
                            .filter(|control| control.on.contains(&on))
                            .collect(),
                    );
                }
            } else {
                batches.push(controls().collect());
            }
        }
        batches.retain(|batch| batch.len() > 1);
        batches.sort_by(|a, b| a.iter().map(|c| &c.id).cmp(b.iter().map(|c| &c.id)));
        batches.dedup_by(|a, b| a.iter().map(|c| &c.id).eq(b.iter().map(|c| &c.id)));
        batches
    }
}
