//! Candidates in a chart's templates: a literal replaced, a line taken out, a missing field written beside its neighbours.

use super::candidate::{Candidate, Goal, Scene, nested};
use super::values::ChartTree;
use super::{Layer, place};
use crate::discover::Release;
use crate::origin::{Origin, Role, Source as Place};
use crate::text::{LineIndex, Span, TextEdit};
use crate::yaml::{self, Data, Dialect, Entry, Mapping, Path, Step, Value, emit};

pub(super) fn candidates(scene: &Scene<'_>, release: &Release, out: &mut Vec<Candidate>) {
    let chart = ChartTree::new(scene, release);
    let name = field_name(scene);
    let mut found: Vec<(Place, String, TextEdit)> = Vec::new();
    let (nearest, depth) = scene.nearest();
    let mut add = |place: &Place, goal: &Goal, edit: Option<TextEdit>| {
        found.extend(edit.map(|edit| (*place, goal.title(&name), edit)));
    };
    if depth == scene.field.steps().len() {
        for place in templates(scene, nearest.origin) {
            let text = Text::of(scene, &place);
            for goal in scene.replacements() {
                add(&place, &goal, text.replace(&goal, &[], nearest));
                if matches!(goal, Goal::Remove) {
                    add(&place, &goal, text.without_line());
                }
            }
        }
        if let (Goal::Set(wanted), Some(items)) = (&scene.goal, nearest.as_sequence()) {
            for item in items {
                for place in templates(scene, item.origin) {
                    add(
                        &place,
                        &scene.goal,
                        Text::of(scene, &place).item_before(wanted),
                    );
                }
            }
        }
    } else if let Goal::Set(wanted) = &scene.goal {
        let rest = scene.rest(depth);
        for place in templates(scene, nearest.origin) {
            let text = Text::of(scene, &place);
            add(
                &place,
                &scene.goal,
                text.replace(&scene.goal, rest, nearest),
            );
        }
        match &nearest.data {
            Data::Mapping(map) if !map.is_empty() => {
                for entry in by_steadiness(scene, map) {
                    for place in templates(scene, entry.key_origin) {
                        let is_scalar = !matches!(
                            entry.value.data,
                            Data::Mapping(_) | Data::Sequence(_) | Data::Null
                        );
                        let text = Text::of(scene, &place);
                        add(&place, &scene.goal, text.beside(rest, wanted, is_scalar));
                    }
                }
            }
            Data::Mapping(_) | Data::Null => {
                let holder = scene.field.prefix(depth.saturating_sub(1));
                let key = match scene.field.steps().get(depth.wrapping_sub(1)) {
                    Some(Step::Key(key)) => scene
                        .resource
                        .value
                        .at(&holder)
                        .and_then(|value| value.as_mapping()?.entry(key)),
                    _ => None,
                };
                for place in key
                    .iter()
                    .flat_map(|entry| templates(scene, entry.key_origin))
                {
                    add(
                        &place,
                        &scene.goal,
                        Text::of(scene, &place).below(rest, wanted),
                    );
                }
            }
            _ => {}
        }
    }
    for (place, title, edit) in found {
        let path = scene.file_of(&place).clone();
        if chart.is_own(&path) && (scene.text)(&path).is_some() {
            out.push(scene.candidate(title, Layer::Template, &path, edit));
        }
    }
}

/// The field as a title calls it: from the container or the pod on.
fn field_name(scene: &Scene<'_>) -> String {
    let steps = scene.field.steps();
    let from = steps
        .iter()
        .enumerate()
        .rev()
        .skip(1)
        .find(|(_, step)| matches!(step, Step::Index(_)))
        .map_or(0, |(at, _)| at + 1);
    Path::from(steps.get(from..).unwrap_or_default().to_vec()).to_string()
}

/// The places in templates that an origin leads to.
fn templates(scene: &Scene<'_>, origin: Origin) -> Vec<Place> {
    let mut places = scene.trace(origin).data;
    places.retain(|place| place.role == Role::Template);
    places
}

/// The entries of a map, those first that depend on the fewest conditions: what is written beside them is there as often as they are.
fn by_steadiness<'a>(scene: &Scene<'_>, map: &'a Mapping) -> Vec<&'a Entry> {
    let mut entries: Vec<&Entry> = map.iter().collect();
    entries.sort_by_key(|entry| {
        let is_familiar = ["image", "imagePullPolicy", "name", "serviceAccountName"]
            .contains(&entry.key.as_str());
        (scene.trace(entry.key_origin).control.len(), !is_familiar)
    });
    entries.truncate(4);
    entries
}

/// A place in the text of a template, with the line it is on.
struct Text<'a> {
    text: &'a str,
    span: Span,
    line: Span,
    eol: &'static str,
}

impl<'a> Text<'a> {
    fn of(scene: &'a Scene<'_>, place: &Place) -> Self {
        let text: &str = &scene.rendered.origins.file(place.file).text;
        let index = LineIndex::new(text);
        let line = index.line(index.position(text, place.span.start).line);
        Self {
            text,
            span: place.span,
            line,
            eol: if text.contains("\r\n") { "\r\n" } else { "\n" },
        }
    }

    /// What stands on the line before the place.
    fn before(&self) -> &'a str {
        let before = Span {
            start: self.line.start,
            end: self.span.start.max(self.line.start),
        };
        before.of(self.text)
    }

    fn line_text(&self) -> &'a str {
        self.line.of(self.text).trim_end_matches(['\r', '\n'])
    }

    /// A literal with another value in it at `rest`.
    fn replace(&self, goal: &Goal, rest: &[Step], now: &Value) -> Option<TextEdit> {
        let written = self.span.of(self.text);
        if written.contains("{{") {
            return None;
        }
        let stream = yaml::parse(written);
        let document = stream.documents.first()?;
        let value = document.value(Dialect::Helm, &mut |_| Origin::NONE).ok()?;
        if value != *now {
            return None;
        }
        let path = Path::from(rest.to_vec());
        let edit = match goal {
            Goal::Set(wanted) => yaml::edit::set(written, document, &path, wanted).ok()?,
            Goal::Remove => return None,
        };
        let new = edit.apply(written);
        (!new.contains('\n'))
            .then(|| place::smallest(self.text, &TextEdit::replace(self.span, new)))
    }

    /// Without the line, which holds nothing but the place and its key.
    fn without_line(&self) -> Option<TextEdit> {
        let before = self.before().trim();
        let is_item = before.is_empty() && self.is_item();
        let is_value = before.ends_with(':') && !before.starts_with("- ") && !before.contains("{{");
        let end = self.line.start as usize + self.line_text().trim_end().len();
        ((is_item || is_value) && end == self.span.end as usize)
            .then(|| TextEdit::replace(self.line, ""))
    }

    /// True if and only if the place is the first thing in an item of a list, with the dash before it.
    fn is_item(&self) -> bool {
        self.span.of(self.text).starts_with("- ")
    }

    /// The items of a list that are wanted, written before the item of the place.
    fn item_before(&self, wanted: &Value) -> Option<TextEdit> {
        let indent = self.before();
        (indent.trim().is_empty() && self.is_item()).then_some(())?;
        self.insert(self.line.start, indent.len(), wanted)
    }

    /// Lines for `rest`, beside the key at the place: below it where its value ends on its line, else above it.
    fn beside(&self, rest: &[Step], wanted: &Value, is_scalar: bool) -> Option<TextEdit> {
        let indent = self.before();
        if !indent.trim().is_empty() {
            return None;
        }
        let value = nested(rest, wanted)?;
        let line = self.line_text().trim_end();
        let ends = is_scalar
            && line.matches("{{").count() == line.matches("}}").count()
            && !line.ends_with(['|', '>', '-', ':', '+']);
        if ends {
            let dash = if self.is_item() { 2 } else { 0 };
            self.insert(self.line.end, indent.len() + dash, &value)
        } else if self.is_item() {
            None
        } else {
            self.insert(self.line.start, indent.len(), &value)
        }
    }

    /// Lines for `rest`, below the key at the place, which has nothing below it.
    fn below(&self, rest: &[Step], wanted: &Value) -> Option<TextEdit> {
        let indent = self.before();
        let is_alone = indent.trim().is_empty() && self.line_text().trim_end().ends_with(':');
        is_alone.then_some(())?;
        let dash = if self.is_item() { 2 } else { 0 };
        let value = nested(rest, wanted)?;
        self.insert(self.line.end, indent.len() + dash + 2, &value)
    }

    fn insert(&self, at: u32, indent: usize, value: &Value) -> Option<TextEdit> {
        let block = emit::emit(value).ok()?;
        let mut lines = String::new();
        // The last line of a file may not have ended.
        let unfinished = at as usize == self.text.len() && !self.text.ends_with('\n');
        if unfinished {
            lines.push_str(self.eol);
        }
        for line in block.lines() {
            lines.push_str(&" ".repeat(indent));
            lines.push_str(line);
            lines.push_str(self.eol);
        }
        if unfinished {
            lines.truncate(lines.len() - self.eol.len());
        }
        Some(TextEdit::replace(Span::at(at as usize), lines))
    }
}
