//! `plimsoll explain`: where the value of a field came from, newest place first; or the page of a control or of a framework.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::ExitCode;

use plimsoll::cause;
use plimsoll::check;
use plimsoll::framework::Framework;
use plimsoll::origin::{Source, Trace};
use plimsoll::policy;
use plimsoll::render::Rendered;
use plimsoll::resource::{Resource, find_named};
use plimsoll::snapshot::Inputs;
use plimsoll::text::LineIndex;
use plimsoll::waiver::{About, Wrong};
use plimsoll::yaml::{Data, Path, Value, emit};

use crate::args::{Explain, Sides};
use crate::check::{mounted, on_head, open, request};
use crate::controls::{list, of_directory, page};
use crate::network::{self, Round};
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
    let of_waivers = Wrong::ALL.map(Wrong::about);
    let is_named = |about: &&About| [about.id, about.name].contains(&arguments.subject.as_str());
    if let Some(about) = of_waivers.iter().find(is_named) {
        print(&format!(
            "# {}\n\n{}. {}\n",
            about.name, about.title, about.help
        ))?;
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
    let field = arguments.field.as_deref().unwrap_or_default();
    // A field is named as reports name it, its lists' items by what names them: that is known where the object is.
    if !field.contains('[') {
        field
            .parse::<Path>()
            .map_err(|error| Failure::new(error.to_string()))?;
    }
    let sides = Sides {
        base: arguments.head.clone().or(Some(":worktree".to_owned())),
        head: arguments.head.clone(),
        config: arguments.config.clone(),
    };
    let pair = open(terminal, &sides)?;
    let completed = network::complete(terminal, &arguments.network, |mounts| {
        let [base, head] = mounted(&pair, mounts);
        let rendered = check::render_head(&request(terminal, &sides, &pair, [&base, &head])?);
        let inputs = rendered.apps.iter().map(|(_, rendered)| &rendered.inputs);
        Ok(Round {
            wants: inputs.flat_map(Inputs::unanswered).cloned().collect(),
            hosts: network::hosts(&rendered.config),
            result: rendered,
        })
    })?;
    let [base, head] = mounted(&pair, &completed.mounts);
    let request = request(terminal, &sides, &pair, [&base, &head])?;
    let rendered = completed.result;
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
                let Some(path) = find_named(&resource.value, field) else {
                    continue;
                };
                let mut told = String::new();
                tell(&mut told, id, resource, &path, rendered);
                // A line may hold more than the field that was asked for.
                check::Words::of_rendered([rendered], request.head).cover(&mut told);
                out.push_str(&told);
            }
        }
    }
    print(&out)?;
    for note in &completed.notes {
        eprintln!("note: {note}");
    }
    if !rendered.problems.is_empty() {
        let all = rendered.apps.iter().map(|(_, rendered)| rendered);
        let words = check::Words::of_rendered(all, request.head);
        let mut problems = rendered.problems;
        for problem in &mut problems {
            words.cover_problem(problem);
        }
        let texts = check::texts_of(&request, &on_head(&problems));
        let style = plimsoll::report::text::Style {
            color: terminal.color,
            unicode: false,
            existing: false,
        };
        eprint!(
            "{}",
            plimsoll::report::text::problems(&texts, &on_head(&problems), style)
        );
        return Ok(ExitCode::from(2));
    }
    if out.is_empty() {
        let missing = match field {
            "" => format!("no app renders {}", arguments.subject),
            field => format!("no app renders {} with `{field}`", arguments.subject),
        };
        return Err(Failure::new(missing));
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(out: &mut String, app: &str, resource: &Resource, path: &Path, rendered: &Rendered) {
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
    let key = there
        .steps()
        .split_last()
        .and_then(|(last, parents)| match last {
            plimsoll::yaml::Step::Key(key) => {
                let parent = resource.value.at(&Path::from(parents.to_vec()))?;
                Some(parent.as_mapping()?.entry(key)?.key_origin)
            }
            plimsoll::yaml::Step::Index(_) => None,
        });
    let is_collection = matches!(value.data, Data::Mapping(_) | Data::Sequence(_));
    // A collection is where its key is; one that is empty has a place of its own, too.
    let is_empty = value
        .as_mapping()
        .is_some_and(plimsoll::yaml::Mapping::is_empty)
        || value.as_sequence().is_some_and(<[Value]>::is_empty)
        || value.is_null();
    let own = (key.is_none() || !is_collection || is_empty).then_some(value.origin);
    let around = key.filter(|_| is_collection || value.is_null());
    let mut trace = Trace::default();
    for origin in own.into_iter().chain(around) {
        let one = rendered.origins.trace(origin);
        merge(&mut trace.data, one.data);
        merge(&mut trace.control, one.control);
        merge(&mut trace.history, one.history);
        merge(&mut trace.empty, one.empty);
    }
    let origins = &rendered.origins;
    // Several conditions may stand on one line, which says it once.
    let mut told = BTreeSet::new();
    let mut line = |label: &'static str, source: &Source| {
        let file = origins.file(source.file);
        let index = LineIndex::new(&file.text);
        let at = index.position(&file.text, source.span.start);
        if !told.insert((label, file.path.clone(), at.line)) {
            return;
        }
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
    let mut reads: Vec<String> = trace
        .empty
        .iter()
        .map(|read| read.path.to_string())
        .collect();
    merge(&mut reads, cause::empty_reads(rendered, resource, path));
    for read in reads {
        let _ = writeln!(out, "  {:12} `{read}` was read here and is not set", "");
    }
    out.push('\n');
}

fn merge<T: PartialEq>(all: &mut Vec<T>, more: Vec<T>) {
    for one in more {
        if !all.contains(&one) {
            all.push(one);
        }
    }
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
