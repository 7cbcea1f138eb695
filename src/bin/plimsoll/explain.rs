//! `plimsoll explain`: where the value of a field came from, newest place first; or the page of a control or of a framework.

use std::fmt::Write as _;
use std::process::ExitCode;

use plimsoll::check;
use plimsoll::framework::Framework;
use plimsoll::origin::{Origins, Source};
use plimsoll::policy;
use plimsoll::resource::Resource;
use plimsoll::text::LineIndex;
use plimsoll::yaml::{Data, Path, Value, emit};

use crate::args::{Explain, Sides};
use crate::check::{on_head, open, request};
use crate::controls::{list, of_directory, page};
use crate::{Failure, Terminal, print};

pub(crate) fn explain(terminal: &Terminal, arguments: &Explain) -> Result<ExitCode, Failure> {
    let controls = of_directory(terminal);
    let named = match controls.find(&arguments.subject) {
        Some(control) => vec![control],
        None => controls.find_all(&arguments.subject),
    };
    if let [control] = named.as_slice() {
        print(&page(control))?;
        return Ok(ExitCode::SUCCESS);
    }
    if !named.is_empty() {
        print(&format!(
            "{} is answered by these controls together:\n\n{}",
            arguments.subject,
            list(&named)
        ))?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(framework) = Framework::find(&arguments.subject) {
        print(&policy::framework_page(&framework, &controls))?;
        return Ok(ExitCode::SUCCESS);
    }
    let Some((kind, name)) = arguments.subject.split_once('/') else {
        return Err(Failure::new(format!(
            "`{}` is neither a control, nor a framework, nor KIND/NAME of an object",
            arguments.subject
        ))
        .help(
            "`plimsoll controls` lists the controls; an object is named like `deployment/web`.",
        ));
    };
    let path: Path = match &arguments.field {
        Some(field) => field
            .parse()
            .map_err(|error: plimsoll::yaml::PathSyntax| Failure::new(error.to_string()))?,
        None => Path::root(),
    };
    let sides = Sides {
        base: arguments.head.clone().or(Some(":worktree".to_owned())),
        head: arguments.head.clone(),
        config: arguments.config.clone(),
    };
    let pair = open(terminal, &sides)?;
    let request = request(terminal, &sides, &pair)?;
    let rendered = check::render_head(&request);
    let wanted = |id: &str| {
        arguments
            .app
            .as_deref()
            .is_none_or(|part| id.contains(part))
    };
    let mut out = String::new();
    for (id, rendered) in rendered.apps.iter().filter(|(id, _)| wanted(id)) {
        for resource in &rendered.rendering.resources {
            let identity = &resource.identity;
            let same_name = identity.name == name || resource.stem.as_deref() == Some(name);
            if identity.kind.eq_ignore_ascii_case(kind) && same_name {
                tell(&mut out, id, resource, &path, &rendered.origins);
            }
        }
    }
    print(&out)?;
    if !rendered.problems.is_empty() {
        let texts = check::texts_of(&request, &on_head(&rendered.problems));
        let style = plimsoll::report::text::Style {
            color: terminal.color,
            unicode: false,
            existing: false,
        };
        eprint!(
            "{}",
            plimsoll::report::text::problems(&texts, &on_head(&rendered.problems), style)
        );
        return Ok(ExitCode::from(2));
    }
    if out.is_empty() {
        return Err(Failure::new(format!(
            "no app renders {}",
            arguments.subject
        )));
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(out: &mut String, app: &str, resource: &Resource, path: &Path, origins: &Origins) {
    let (value, depth) = resource.value.nearest(path);
    let there = path.prefix(depth);
    let secret = resource.secret_paths().iter().any(|secret| {
        let (a, b) = (secret.steps(), there.steps());
        a.starts_with(b) || b.starts_with(a)
    });
    let _ = writeln!(out, "{}, {} {path}", app, resource.identity);
    if depth < path.steps().len() {
        let _ = writeln!(
            out,
            "  is not set; the nearest thing that exists is {}",
            if depth == 0 {
                "the object".to_owned()
            } else {
                there.to_string()
            }
        );
    } else {
        let _ = writeln!(out, "  = {}", shown(value, secret));
    }
    let parent = there
        .steps()
        .split_last()
        .and_then(|(last, parents)| match last {
            plimsoll::yaml::Step::Key(key) => resource
                .value
                .at(&Path::from(parents.to_vec()))?
                .as_mapping()?
                .entry(key),
            plimsoll::yaml::Step::Index(_) => None,
        });
    let is_collection = matches!(value.data, Data::Mapping(_) | Data::Sequence(_));
    let origin = match parent {
        Some(entry) if is_collection => entry.key_origin,
        _ => value.origin,
    };
    let trace = origins.trace(origin);
    let mut line = |label: &str, source: &Source| {
        let file = origins.file(source.file);
        let index = LineIndex::new(&file.text);
        let at = index.position(&file.text, source.span.start);
        let text = index.line(at.line).of(&file.text).trim();
        let text = if secret { "(hidden)" } else { text };
        let _ = writeln!(
            out,
            "  {label:12} {}:{}:{}  {text}",
            file.path, at.line, at.column
        );
    };
    for source in &trace.data {
        line("written at", source);
    }
    for layer in &trace.history {
        for source in layer {
            line("instead of", source);
        }
    }
    for source in &trace.control {
        line("because of", source);
    }
    for read in &trace.empty {
        let _ = writeln!(
            out,
            "  {:12} `{}` was read here and is not set",
            "", read.path
        );
    }
    out.push('\n');
}

/// The value on one line, or its first lines.
fn shown(value: &Value, secret: bool) -> String {
    if secret {
        return "(hidden)".to_owned();
    }
    let text = emit::emit(value).unwrap_or_default();
    let mut lines = text.trim_end().lines();
    match (lines.next(), lines.next()) {
        (Some(only), None) => only.to_owned(),
        (Some(first), Some(_)) => format!("{first} …"),
        _ => String::new(),
    }
}
