//! A new value in the place of an old node, with what stands around it kept.
//!
//! The forms are three: one line, a literal block, a block collection; each knows how it takes the place of anything.

use super::place::{Found, Site, is_block_collection};
use super::write::{Writer, flow, inline};
use super::{EditError, edit};
use crate::text::Edit;
use crate::yaml::{Data, Node, NodeKind, Path, ScalarStyle, Value};

/// Puts `new` where a node stands now, whatever both are.
pub(super) fn put(
    site: &Site,
    found: &Found,
    path: &Path,
    new: &Value,
    writer: &Writer,
) -> Result<Vec<Edit>, EditError> {
    let refused = || EditError::Unsafe(path.clone());
    let node = site.node(found.node);
    if let Some(tag) = &node.tag {
        return Err(EditError::Tagged(path.clone(), tag.clone()));
    }
    let style = match node.kind {
        NodeKind::Scalar { style, .. } => Some(style),
        _ => None,
    };
    let is_collection = |value: &Value| match &value.data {
        Data::Sequence(items) => !items.is_empty(),
        Data::Mapping(mapping) => !mapping.is_empty(),
        _ => false,
    };
    let keeps_flow = matches!(
        &node.kind,
        NodeKind::Mapping { flow: true, pairs } if !pairs.is_empty()
    ) || matches!(
        &node.kind,
        NodeKind::Sequence { flow: true, items } if !items.is_empty()
    );
    if site.in_flow(found) {
        if site.is_bare_pair(found.node) {
            return Err(refused());
        }
        let text = match &new.data {
            Data::Sequence(_) | Data::Mapping(_) => flow(new),
            scalar => inline(scalar, style, true),
        };
        return put_inline(site, found, node, &text.ok_or_else(refused)?).ok_or_else(refused);
    }
    if is_collection(new) && !keeps_flow {
        return put_block(site, found, node, new, writer).ok_or_else(refused);
    }
    let text = match &new.data {
        Data::Sequence(_) | Data::Mapping(_) => flow(new),
        Data::String(text) if writer.wants_literal(text, style) => {
            let column = site.content_column(found);
            return put_literal(site, found, node, &writer.literal(text, column))
                .ok_or_else(refused);
        }
        scalar => inline(scalar, style, false),
    };
    put_inline(site, found, node, &text.ok_or_else(refused)?).ok_or_else(refused)
}

/// One line, in the place of anything.
fn put_inline(site: &Site, found: &Found, node: &Node, text: &str) -> Option<Vec<Edit>> {
    let (start, end) = (node.span.start as usize, node.span.end as usize);
    if node.span.is_empty() {
        let (at, lead) = site.opening(found, start)?;
        return Some(vec![edit(at..at, format!("{lead}{text}"))]);
    }
    if is_block_collection(node) {
        let end = site.content_end(end);
        if let Some(colon) = site.colon_above(found) {
            // The value moves up behind its key; a comment there stays.
            return Some(vec![
                edit(colon..colon, format!(" {text}")),
                edit(site.line_end(colon)..site.line_end(end), ""),
            ]);
        }
        return Some(vec![edit(start..end, text)]);
    }
    if is_block_scalar(node) {
        let comment = site.header_comment(node);
        let rest = if site.content_end(end) < end {
            site.eol
        } else {
            ""
        };
        return Some(vec![edit(start..end, format!("{text}{comment}{rest}"))]);
    }
    Some(vec![edit(start..end, text)])
}

/// A literal block: its header in the place of the node, its lines below.
fn put_literal(
    site: &Site,
    found: &Found,
    node: &Node,
    (header, body): &(String, String),
) -> Option<Vec<Edit>> {
    let (start, end) = (node.span.start as usize, node.span.end as usize);
    let body = format!("{}{body}", site.eol);
    if node.span.is_empty() {
        let below = site.line_end(start);
        let (at, lead) = site.opening(found, start)?;
        return Some(vec![
            edit(at..at, format!("{lead}{header}")),
            edit(below..below, body),
        ]);
    }
    if is_block_collection(node) {
        let end = site.content_end(end);
        return Some(match site.colon_above(found) {
            Some(colon) => vec![
                edit(colon..colon, format!(" {header}")),
                edit(site.line_end(colon)..site.line_end(end), body),
            ],
            None => vec![edit(start..site.line_end(end), format!("{header}{body}"))],
        });
    }
    if is_block_scalar(node) {
        let comment = site.header_comment(node);
        let rest = if site.content_end(end) < end {
            site.eol
        } else {
            ""
        };
        return Some(vec![edit(
            start..end,
            format!("{header}{comment}{body}{rest}"),
        )]);
    }
    let below = site.line_end(end);
    Some(vec![
        edit(start..end, header.as_str()),
        edit(below..below, body),
    ])
}

/// A block collection, which needs lines of its own below a key.
fn put_block(
    site: &Site,
    found: &Found,
    node: &Node,
    new: &Value,
    writer: &Writer,
) -> Option<Vec<Edit>> {
    let (start, end) = (node.span.start as usize, node.span.end as usize);
    let least = site.child_column(found, matches!(new.data, Data::Sequence(_)));
    let here = site.column(start);
    if is_block_collection(node) {
        let column = here.max(least);
        let lines = writer.block(new, column)?;
        let pad = " ".repeat(column - here);
        return Some(vec![edit(start..site.content_end(end), pad + &lines)]);
    }
    // Behind a key, or an anchor, which would else become the anchor of the first key.
    let behind_key = (site.is_value(found) || node.anchor.is_some()) && !site.starts_line(start)
        || found.trail.is_empty() && here > 0;
    if behind_key {
        let lines = format!(
            "{}{}{}",
            site.eol,
            " ".repeat(least),
            writer.block(new, least)?
        );
        if node.span.is_empty() {
            site.opening(found, start)?;
            let below = site.line_end(start);
            return Some(vec![edit(below..below, lines)]);
        }
        let from = site.trim_blank(start);
        if is_block_scalar(node) {
            let comment = site.header_comment(node);
            let rest = if site.content_end(end) < end {
                site.eol
            } else {
                ""
            };
            return Some(vec![edit(from..end, format!("{comment}{lines}{rest}"))]);
        }
        let below = site.line_end(end);
        return Some(vec![edit(from..end, ""), edit(below..below, lines)]);
    }
    // An item, or a node on a line of its own: in its place. A comment behind it moves to the first new line.
    let (start, lead) = if node.span.is_empty() {
        site.opening(found, start)?
    } else {
        (start, "")
    };
    let here = site.column(start) + lead.len();
    let column = here.max(least);
    let lines = writer.block(new, column)?;
    if is_block_scalar(node) {
        let comment = site.header_comment(node);
        let rest = if site.content_end(end) < end {
            site.eol
        } else {
            ""
        };
        let lines = behind_first_line(&lines, &comment);
        return Some(vec![edit(start..end, format!("{lines}{rest}"))]);
    }
    let end = end.max(start);
    let until = site.line_end(end);
    let comment = site.text.get(end..until)?;
    let pad = " ".repeat(column - here);
    let lines = behind_first_line(&lines, comment.trim_end_matches([' ', '\t']));
    Some(vec![edit(start..until, format!("{lead}{pad}{lines}"))])
}

fn behind_first_line(lines: &str, comment: &str) -> String {
    let at = lines.find(['\r', '\n']).unwrap_or(lines.len());
    let (first, rest) = lines.split_at(at);
    format!("{first}{comment}{rest}")
}

pub(super) fn is_block_scalar(node: &Node) -> bool {
    matches!(
        node.kind,
        NodeKind::Scalar {
            style: ScalarStyle::Literal | ScalarStyle::Folded,
            ..
        }
    )
}
