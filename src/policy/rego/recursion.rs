//! Rules that ask for themselves, by whatever way: OPA compiles none, and an interpreter would follow one until its stack ends.
//!
//! Every name of a rule that a rule mentions counts, whether or not it would be asked: as OPA does, nothing of data is looked at.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{Expr, Literal, Module, Query, Rule, RuleHead};

use super::names::locals;
use super::parse::{Refused, parse};
use super::parts::{Part, constant, parts, reference};

/// The longest chain of rules, each asking for the next one. The interpreter needs stack for each.
const MOST_DEPTH: usize = 200;

/// A module: its path, its text, and whether it is of the present version of Rego.
pub(super) type Text<'t> = (&'t str, &'t str, bool);

/// The parts of a rule's name, those of its package before it.
type Name = Vec<String>;

/// What a rule is found by: the rules it asks for, and where it stands (the place of its module, and its line).
#[derive(Default)]
struct Node {
    asks: BTreeSet<Name>,
    place: (usize, usize),
}

/// Refuses modules in which a rule asks for itself, or too many ask for one another. Tells the module by its place.
pub(super) fn check(modules: &[Text<'_>]) -> Result<(), (usize, Refused)> {
    let mut nodes: BTreeMap<Name, Node> = BTreeMap::new();
    let mut parsed = Vec::new();
    for (place, (path, text, is_v1)) in modules.iter().enumerate() {
        let module = parse(path, text, *is_v1).map_err(|refused| (place, refused))?;
        for rule in &module.policy {
            let node = nodes.entry(name_of(&module, rule)).or_default();
            if node.place.1 == 0 {
                node.place = (place, rule.span().line as usize);
            }
        }
        parsed.push(module);
    }
    let names: BTreeSet<Name> = nodes.keys().cloned().collect();
    for module in &parsed {
        for rule in &module.policy {
            let asked = asked_by(module, rule, &names);
            if let Some(node) = nodes.get_mut(&name_of(module, rule)) {
                node.asks.extend(asked);
            }
        }
    }
    let mut walk = Walk {
        nodes: &nodes,
        depths: BTreeMap::new(),
        open: BTreeSet::new(),
    };
    for name in nodes.keys() {
        walk.depth(name, 0)?;
    }
    Ok(())
}

struct Walk<'n> {
    nodes: &'n BTreeMap<Name, Node>,
    /// The longest chain from each rule that was looked at.
    depths: BTreeMap<&'n Name, usize>,
    /// The rules on the way here.
    open: BTreeSet<&'n Name>,
}

impl<'n> Walk<'n> {
    fn depth(&mut self, name: &'n Name, above: usize) -> Result<usize, (usize, Refused)> {
        let Some(node) = self.nodes.get(name) else {
            return Ok(0);
        };
        let refused = |why: String| {
            let (module, line) = node.place;
            Err((module, Refused { line, why }))
        };
        let own = name.last().map_or("", String::as_str);
        if self.open.contains(name) {
            return refused(format!("the rule `{own}` asks for itself"));
        }
        let below = match self.depths.get(name) {
            Some(known) => *known,
            None if above >= MOST_DEPTH => above,
            None => {
                self.open.insert(name);
                let mut below = 0;
                for asked in &node.asks {
                    below = below.max(self.depth(asked, above + 1)? + 1);
                }
                self.open.remove(name);
                self.depths.insert(name, below);
                below
            }
        };
        if above + below > MOST_DEPTH {
            return refused(format!(
                "more than {MOST_DEPTH} rules ask for one another on the way to `{own}`"
            ));
        }
        Ok(below)
    }
}

fn name_of(module: &Module, rule: &Rule) -> Name {
    let mut name = constant(&module.package.refr).0;
    name.extend(constant(reference(rule)).0);
    name
}

/// The rules that a rule mentions.
fn asked_by(module: &Module, rule: &Rule, names: &BTreeSet<Name>) -> BTreeSet<Name> {
    let bound = locals(rule);
    let package = constant(&module.package.refr).0;
    let mut asked = BTreeSet::new();
    each(rule, &mut |expr| {
        let (mut name, _) = constant(expr);
        let Some(first) = name.first().cloned() else {
            return;
        };
        if bound.contains(&first) {
            return;
        }
        let import = module.imports.iter().find(|import| {
            let imported = constant(&import.refr).0;
            let alias = import.r#as.as_ref().map(|alias| alias.text().to_owned());
            imported.first().is_some_and(|root| root == "data")
                && alias.as_ref().or(imported.last()) == Some(&first)
        });
        if first == "data" {
            name.remove(0);
        } else if let Some(import) = import {
            let mut whole = constant(&import.refr).0;
            whole.remove(0);
            whole.extend(name.into_iter().skip(1));
            name = whole;
        } else {
            let mut whole = package.clone();
            whole.extend(name);
            name = whole;
        }
        // A reference may go on into what a rule gives, and may stop above several rules.
        for end in 1..=name.len() {
            let above: Name = name.iter().take(end).cloned().collect();
            if names.contains(&above) {
                asked.insert(above);
            }
        }
        let below = names.range(name.clone()..);
        asked.extend(below.take_while(|other| other.starts_with(&name)).cloned());
    });
    asked
}

/// Calls `tell` with every reference of a rule.
fn each(rule: &Rule, tell: &mut dyn FnMut(&Expr)) {
    match rule {
        Rule::Default { value, .. } => references(value, tell),
        Rule::Spec { head, bodies, .. } => {
            match head {
                RuleHead::Compr { refr, assign, .. } => {
                    indices(refr, tell);
                    if let Some(assign) = assign {
                        references(&assign.value, tell);
                    }
                }
                RuleHead::Set { refr, key, .. } => {
                    indices(refr, tell);
                    if let Some(key) = key {
                        references(key, tell);
                    }
                }
                RuleHead::Func { assign, .. } => {
                    if let Some(assign) = assign {
                        references(&assign.value, tell);
                    }
                }
            }
            for body in bodies {
                if let Some(assign) = &body.assign {
                    references(&assign.value, tell);
                }
                of_query(&body.query, tell);
            }
        }
    }
}

fn of_query(query: &Query, tell: &mut dyn FnMut(&Expr)) {
    for statement in &query.stmts {
        match &statement.literal {
            Literal::SomeVars { .. } => {}
            Literal::SomeIn {
                key,
                value,
                collection,
                ..
            } => {
                for expr in key.iter().chain([value, collection]) {
                    references(expr, tell);
                }
            }
            Literal::Every { domain, query, .. } => {
                references(domain, tell);
                of_query(query, tell);
            }
            Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => references(expr, tell),
        }
        for with in &statement.with_mods {
            references(&with.r#as, tell);
        }
    }
}

/// The references in the brackets of one.
fn indices(expr: &Expr, tell: &mut dyn FnMut(&Expr)) {
    match expr {
        Expr::RefDot { refr, .. } => indices(refr, tell),
        Expr::RefBrack { refr, index, .. } => {
            indices(refr, tell);
            references(index, tell);
        }
        Expr::Var { .. } => {}
        other => references(other, tell),
    }
}

fn references(expr: &Expr, tell: &mut dyn FnMut(&Expr)) {
    match expr {
        Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } => {
            tell(expr);
            return indices(expr, tell);
        }
        Expr::Call { fcn, .. } => tell(fcn),
        _ => {}
    }
    parts(expr, &mut |part| match part {
        Part::Expr(expr) => references(expr, tell),
        Part::Query(query) => of_query(query, tell),
    });
}
