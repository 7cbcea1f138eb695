//! What is noted while tests run: the rules that came to an end, and the cases of table tests that were met.
//!
//! regorus tells which lines it evaluated, but not whether a rule's body held to its end. So values of heads are wrapped in a
//! function that notes them, and a statement in the body of a table test notes its case before it is known to hold.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use regorus::Value;

/// The function that gives back its second argument, and notes the head whose number is the first one.
pub(super) const HEAD: &str = "__noted_head";

/// The function that notes a case, the second argument, of the test whose number is the first one.
pub(super) const CASE: &str = "__noted_case";

/// What was noted. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Notes(Arc<Mutex<Noted>>);

#[derive(Default)]
struct Noted {
    heads: BTreeSet<usize>,
    cases: BTreeSet<(usize, Vec<String>)>,
}

impl Notes {
    /// Gives an engine the functions that note.
    pub(super) fn add(&self, engine: &mut regorus::Engine) {
        let notes = self.clone();
        let head = move |args: Vec<Value>| {
            if let Some(number) = number(&args) {
                notes.noted().heads.insert(number);
            }
            Ok(args.into_iter().nth(1).unwrap_or(Value::Undefined))
        };
        let notes = self.clone();
        let case = move |args: Vec<Value>| {
            if let (Some(number), Some(Value::Array(names))) = (number(&args), args.get(1)) {
                let names = names.iter().map(name).collect();
                notes.noted().cases.insert((number, names));
            }
            Ok(true.into())
        };
        // No other function has these names, so that none is refused.
        let _ = engine.add_extension(HEAD.to_owned(), 2, Box::new(head));
        let _ = engine.add_extension(CASE.to_owned(), 2, Box::new(case));
    }

    pub(super) fn is_head(&self, number: usize) -> bool {
        self.noted().heads.contains(&number)
    }

    /// The cases of one test, each by the names that lead to it.
    pub(super) fn cases(&self, test: usize) -> Vec<Vec<String>> {
        let noted = self.noted();
        let cases = noted.cases.iter().filter(|(number, _)| *number == test);
        cases.map(|(_, names)| names.clone()).collect()
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn number(args: &[Value]) -> Option<usize> {
    let number = args.first()?.as_u64().ok()?;
    usize::try_from(number).ok()
}

/// What a key is called: a text as it is, and everything else as JSON.
pub(super) fn name(key: &Value) -> String {
    match key {
        Value::String(text) => text.to_string(),
        other => other.to_json_str().unwrap_or_default(),
    }
}
