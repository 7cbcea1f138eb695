//! The origins of stretches of one text, for whoever parses it and asks about many nested stretches.

use std::ops::Range;

use super::Text;
use crate::origin::{Origin, Origins};
use crate::text::Span;

/// Answers where stretches of a text came from. Unions of neighbouring runs are made once and shared by all stretches
/// that cover them: stretches that are nested as deeply as YAML is cost little more than the innermost.
pub(in crate::render::helm) struct Unions {
    runs: Vec<(Range<usize>, Origin)>,
    /// At level `n` the unions of 2ⁿ⁺¹ runs that stand side by side, as far as they were asked for.
    levels: Vec<Vec<Option<Origin>>>,
}

impl Unions {
    /// Of one text.
    pub(in crate::render::helm) fn of(text: &Text) -> Self {
        Self {
            runs: text.runs().collect(),
            levels: Vec::new(),
        }
    }

    /// Where the bytes of `span` came from. An empty span is asked about the runs that it touches.
    pub(in crate::render::helm) fn origin(&mut self, span: Span, origins: &mut Origins) -> Origin {
        let (start, end) = (span.start as usize, span.end as usize);
        let first = self.runs.partition_point(|(range, _)| {
            range.end < start || range.end == start && end > start && !range.is_empty()
        });
        let last = self
            .runs
            .partition_point(|(range, _)| range.start < end.max(start + usize::from(start == end)));
        if last <= first + 1 {
            return self.run(first);
        }
        let mut union = Origin::NONE;
        let mut at = first;
        while at < last {
            // The widest block that begins here and ends in time.
            let level = at.trailing_zeros().min((last - at).ilog2());
            let block = self.block(level as usize, at >> level, origins);
            union = origins.both(union, block);
            at += 1 << level;
        }
        union
    }

    fn run(&self, index: usize) -> Origin {
        self.runs
            .get(index)
            .map_or(Origin::NONE, |(_, origin)| *origin)
    }

    fn block(&mut self, level: usize, index: usize, origins: &mut Origins) -> Origin {
        let Some(below) = level.checked_sub(1) else {
            return self.run(index);
        };
        if let Some(known) = self.slot(below, index).and_then(|slot| *slot) {
            return known;
        }
        let left = self.block(below, 2 * index, origins);
        let right = self.block(below, 2 * index + 1, origins);
        let union = origins.both(left, right);
        if let Some(slot) = self.slot(below, index) {
            *slot = Some(union);
        }
        union
    }

    fn slot(&mut self, level: usize, index: usize) -> Option<&mut Option<Origin>> {
        while self.levels.len() <= level {
            let blocks = self.runs.len() >> (self.levels.len() + 1);
            self.levels.push(vec![None; blocks]);
        }
        self.levels.get_mut(level)?.get_mut(index)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::origin::Role;
    use crate::render::helm::string::TextBuilder;
    use crate::text::RepoPath;

    #[test]
    fn a_stretch_comes_from_the_runs_that_it_covers() {
        let mut origins = Origins::new();
        let file = origins.add_file(&RepoPath::new("a").unwrap(), &Arc::from("0123456789"));
        let mut text = TextBuilder::new();
        for at in 0..10 {
            let origin = origins.source(file, Span::new(at, at + 1), Role::Template);
            text.push(b"xy", origin);
        }
        let text = text.finish();
        let mut unions = Unions::of(&text);
        for start in 0..20 {
            for end in start..20 {
                let origin = unions.origin(Span::new(start, end), &mut origins);
                let found: Vec<u32> = origins
                    .trace(origin)
                    .data
                    .iter()
                    .map(|source| source.span.start)
                    .collect();
                let last = if end == start {
                    start / 2
                } else {
                    (end - 1) / 2
                };
                // An empty span between two runs touches both.
                let first = if start == end && start > 0 && start.is_multiple_of(2) {
                    start / 2 - 1
                } else {
                    start / 2
                };
                let expected: Vec<u32> = (first..=last).map(|run| run as u32).collect();
                assert_eq!(found, expected, "{start}..{end}");
            }
        }
    }
}
