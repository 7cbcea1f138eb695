//! `plimsoll review`: a check of a pull request, the plan of its review, and the plan carried out.
//!
//! In GitHub Actions the event says which commits are meant. Policy, configuration and waivers are those of the tip of the
//! target branch. Where nothing may be posted (a fork, a draft, a token that only reads), annotations, the job summary and
//! the exit code tell.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use plimsoll::change::files::{self, FileDiff};
use plimsoll::check::{InForce, Waiving};
use plimsoll::github::actions::{self, Event, PullEvent};
use plimsoll::github::{self, Client, Outcome, PullId, Repository};
use plimsoll::report::{Conclusion, Report, annotations};
use plimsoll::review::{self, Anchor, Capabilities, Posted, ReviewPlan, Subject};
use plimsoll::snapshot::{self, OpenError, Pair, Side};

use crate::args::{Check, Format, Posting, ReportTo, Review};
use crate::check;
use crate::{Failure, Terminal, print};

pub(crate) fn review(terminal: &Terminal, arguments: &Review) -> Result<ExitCode, Failure> {
    let event = match arguments.pull {
        Some(_) => None,
        None => Some(event(terminal)?),
    };
    match event {
        Some(Event::Nothing(why)) => {
            eprintln!("nothing to review: {why}");
            Ok(ExitCode::SUCCESS)
        }
        Some(Event::Range { base, head }) => {
            let side = |sha: &str| Some(Side::Revision(sha.to_owned()));
            let pair = snapshot::open(&terminal.directory, side(&base), side(&head));
            only_check(terminal, &arguments.check, &pair.map_err(not_opened)?)
        }
        Some(Event::Branch) => {
            let head = Some(Side::Revision("HEAD".to_owned()));
            let pair = snapshot::open(&terminal.directory, None, head);
            only_check(terminal, &arguments.check, &pair.map_err(not_opened)?)
        }
        Some(Event::Pull(pull)) => of_pull(terminal, arguments, Some(pull)),
        None => of_pull(terminal, arguments, None),
    }
}

/// What the workflow runs for.
fn event(terminal: &Terminal) -> Result<Event, Failure> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (Some(name), Some(path)) = (variable("GITHUB_EVENT_NAME"), variable("GITHUB_EVENT_PATH"))
    else {
        return Err(Failure::new("there is no pull request to review")
            .help("Name one with `--pull` and `--repository`, or use `plimsoll check`."));
    };
    let payload = std::fs::read_to_string(&path)
        .map_err(|error| Failure::new(format!("the event `{path}` cannot be read: {error}")))?;
    let checked_out = snapshot::commit_at_head(&terminal.directory);
    actions::event(&name, &payload, checked_out.as_deref()).map_err(|refusal| {
        let help = refusal.help();
        Failure::new(refusal.to_string()).help(help)
    })
}

/// A commit that is not in the clone is mostly one that the checkout did not fetch.
fn not_opened(error: OpenError) -> Failure {
    let help = error.help();
    let failure = Failure::new(error.to_string());
    match error {
        OpenError::ShallowHistory { .. }
        | OpenError::UnknownRevision { .. }
        | OpenError::MissingObject { .. }
        | OpenError::NoDefaultBranch { .. }
            if in_actions() =>
        {
            failure
                .help("The checkout holds no history. Add to its step: `with: { fetch-depth: 0 }`.")
        }
        _ => failure.help(help),
    }
}

fn in_actions() -> bool {
    std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true")
}

/// A check without a review: of a push, a merge group, a branch.
fn only_check(terminal: &Terminal, arguments: &Check, pair: &Pair) -> Result<ExitCode, Failure> {
    let reports = destinations(arguments)?;
    let report = check::judge(
        terminal,
        arguments,
        pair,
        None,
        of_target(arguments),
        &reports,
    )?;
    check::deliver(terminal, arguments, &report, &reports)?;
    tell_runner(terminal, &report, &reports, None)?;
    Ok(ExitCode::from(report.conclusion.exit_code()))
}

/// A review never lets a change waive its own findings.
fn of_target(arguments: &Check) -> Waiving {
    Waiving {
        in_force: InForce::OfBase,
        ..check::waiving(&arguments.waivers)
    }
}

/// In a workflow the rendered difference goes into the job summary, so it is wanted whatever else is.
fn destinations(arguments: &Check) -> Result<Vec<ReportTo>, Failure> {
    let mut reports = check::destinations(arguments)?;
    if let Some(file) = runner_file("GITHUB_STEP_SUMMARY")
        && !reports.iter().any(|to| to.file.as_ref() == Some(&file))
    {
        reports.push(ReportTo {
            format: Format::Markdown,
            file: Some(file),
        });
    }
    Ok(reports)
}

fn runner_file(variable: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable).filter(|path| !path.is_empty())?;
    Some(PathBuf::from(path))
}

fn of_pull(
    terminal: &Terminal,
    arguments: &Review,
    event: Option<PullEvent>,
) -> Result<ExitCode, Failure> {
    let token = arguments.token.as_deref().filter(|token| !token.is_empty());
    let client = token.map(|token| connect(arguments, token)).transpose()?;
    let pull = match (event, &client) {
        (Some(event), _) => event,
        (None, Some(client)) => named(arguments, client)?,
        (None, None) => {
            return Err(Failure::new("a token is needed to read the pull request")
                .help("Set PLIMSOLL_TOKEN, or give both commits to `plimsoll check`."));
        }
    };
    // The event names the tip as it was when the pull request last moved; the clone may know a newer one.
    let tip = format!("refs/remotes/origin/{}", pull.base_ref);
    let (pair, target) = snapshot::open_pull(&terminal.directory, &tip, &pull.head)
        .or_else(|_| snapshot::open_pull(&terminal.directory, &pull.base, &pull.head))
        .map_err(not_opened)?;
    let reports = destinations(&arguments.check)?;
    let waiving = of_target(&arguments.check);
    let report = check::judge(
        terminal,
        &arguments.check,
        &pair,
        Some(&*target),
        waiving,
        &reports,
    )?;
    check::deliver(terminal, &arguments.check, &report, &reports)?;

    let mut notes = Vec::new();
    let mut quiet = if arguments.comment == Posting::None {
        Some("posting is turned off".to_owned())
    } else if pull.draft && !arguments.drafts {
        Some("the pull request is a draft".to_owned())
    } else if client.is_none() {
        Some("there is no token".to_owned())
    } else {
        None
    };
    let asked = client.as_ref().filter(|_| quiet.is_none());
    let diff = differences(asked, &pull, &pair, &mut notes);
    let posted = match asked.map(|client| github::posted(client, &pull.id, assumed())) {
        None => Posted::default(),
        Some(Ok(posted)) => posted,
        Some(Err(failure)) => {
            // Posting beside what cannot be seen would say it all twice.
            quiet = Some(format!("what stands there cannot be read: {failure}"));
            Posted::default()
        }
    };
    let mut forge = Capabilities::GITHUB;
    if arguments.comment != Posting::Review {
        forge = forge.without_comments();
    }
    if !arguments.check_run {
        // The runner shows ten errors of a step, which are those of problems, too.
        forge.annotations = RUNNER_SHOWS.saturating_sub(report.problems.len());
    }
    let subject = Subject {
        head: pull.head.clone(),
        open: true,
        report: run_page(),
    };
    let plan = review::plan(&report, &diff, &posted, &forge, &subject);
    if arguments.dry_run {
        print(&printed(&plan))?;
    }
    if let Some(why) = &quiet {
        eprintln!(
            "nothing {} posted: {why}",
            if arguments.dry_run { "would be" } else { "was" }
        );
    }
    let outcome = client
        .filter(|_| quiet.is_none() && !arguments.dry_run)
        .map(|client| github::publish(&client, &pull.id, &plan, assumed(), arguments.check_run));
    if let Some(outcome) = &outcome {
        notes.extend(outcome.notes.iter().cloned());
        eprint!("{}", told(outcome, &plan, pull.fork));
    }
    for note in &notes {
        eprintln!("note: {note}");
    }
    let posted = outcome.as_ref().map(|outcome| (outcome, &plan, &posted));
    tell_runner(terminal, &report, &reports, posted)?;
    Ok(ExitCode::from(report.conclusion.exit_code()))
}

/// How many errors of a step the runner shows, less one that says how many it does not.
const RUNNER_SHOWS: usize = 9;

/// Who we are, where GitHub does not say: in a workflow the token is its bot's.
fn assumed() -> Option<&'static str> {
    in_actions().then_some("github-actions[bot]")
}

fn connect(arguments: &Review, token: &str) -> Result<Client, Failure> {
    let api = arguments.api_url.trim_end_matches('/');
    // On an Enterprise server the two interfaces lie beside each other.
    let graphql = match &arguments.graphql_url {
        Some(url) => url.clone(),
        None => match api.strip_suffix("/api/v3") {
            Some(host) => format!("{host}/api/graphql"),
            None => format!("{api}/graphql"),
        },
    };
    let wait = Duration::from_secs(arguments.wait);
    Client::new(api, &graphql, token, wait).map_err(|failure| Failure::new(failure.to_string()))
}

/// The pull request that the arguments name.
fn named(arguments: &Review, client: &Client) -> Result<PullEvent, Failure> {
    let repository = arguments.repository.as_deref().unwrap_or_default();
    let repository: Repository = repository
        .parse()
        .map_err(|error: github::RepositorySyntax| Failure::new(error.to_string()))?;
    let id = PullId {
        repository,
        number: arguments.pull.unwrap_or_default(),
    };
    let pull = github::pull(client, &id).map_err(|failure| {
        Failure::new(format!("the pull request cannot be read: {failure}"))
            .help("The token needs to read pull requests of this repository.")
    })?;
    if !pull.open {
        return Err(Failure::new("the pull request is closed"));
    }
    Ok(PullEvent {
        id,
        head: pull.head,
        base: pull.base,
        base_ref: pull.base_ref,
        draft: pull.draft,
        fork: pull.fork,
    })
}

/// The hunks to anchor comments in. What GitHub does not show is taken from the clone.
fn differences(
    client: Option<&Client>,
    pull: &PullEvent,
    pair: &Pair,
    notes: &mut Vec<String>,
) -> Vec<FileDiff> {
    let local = files::between(&*pair.base, &*pair.head);
    match client.map(|client| github::files(client, &pull.id)) {
        None => local,
        Some(Ok(listed)) => github::diff(listed, local),
        Some(Err(failure)) => {
            notes.push(format!(
                "the files of the pull request cannot be read: {failure}"
            ));
            local
        }
    }
}

/// What comments say at their lines.
fn told_at_lines(outcome: &Outcome, plan: &ReviewPlan, posted: &Posted) -> BTreeSet<String> {
    if outcome.superseded {
        return BTreeSet::new();
    }
    let refused: BTreeSet<&str> = outcome.refused.iter().map(|c| c.body.as_str()).collect();
    let new = plan
        .comments
        .iter()
        .filter(|comment| !refused.contains(comment.body.as_str()))
        .flat_map(|comment| comment.findings.iter().map(ToString::to_string));
    let revised = plan.revisions.iter().map(|revision| revision.comment);
    let standing: BTreeSet<u64> = plan.kept.iter().copied().chain(revised).collect();
    let before = posted
        .threads
        .iter()
        .filter(|thread| standing.contains(&thread.comment))
        .flat_map(|thread| thread.marker.findings.iter().cloned());
    new.chain(before).collect()
}

/// The page of this run, where a reader finds the job summary.
fn run_page() -> Option<String> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    Some(format!(
        "{}/{}/actions/runs/{}",
        variable("GITHUB_SERVER_URL")?,
        variable("GITHUB_REPOSITORY")?,
        variable("GITHUB_RUN_ID")?
    ))
}

/// Annotations and outputs for the runner, where there is one.
fn tell_runner(
    terminal: &Terminal,
    report: &Report,
    reports: &[ReportTo],
    posted: Option<(&Outcome, &ReviewPlan, &Posted)>,
) -> Result<(), Failure> {
    let outcome = posted.map(|(outcome, _, _)| outcome);
    let said = reports
        .iter()
        .any(|to| to.format == Format::Github && to.file.is_none());
    if in_actions() && !said {
        let told = posted.map(|(outcome, plan, before)| told_at_lines(outcome, plan, before));
        let told = told.unwrap_or_default();
        eprint!("{}", annotations::render_untold(report, &told));
    }
    let Some(file) = runner_file("GITHUB_OUTPUT") else {
        return Ok(());
    };
    let new = report.count(plimsoll::finding::State::New);
    let mut lines = format!(
        "conclusion={}\nnew-findings={new}\n",
        report.conclusion.name()
    );
    let file_of = |format: Format| {
        let to = reports.iter().find(|to| to.format == format)?;
        Some(terminal.directory.join(to.file.as_ref()?))
    };
    let values = [
        (
            "report-json",
            file_of(Format::Json).map(|path| path.display().to_string()),
        ),
        (
            "report-sarif",
            file_of(Format::Sarif).map(|path| path.display().to_string()),
        ),
        (
            "review-url",
            outcome.and_then(|outcome| outcome.url.clone()),
        ),
    ];
    for (name, value) in values {
        // A line break would begin another output.
        let value = value.unwrap_or_default().replace(['\n', '\r'], " ");
        let _ = writeln!(lines, "{name}={value}");
    }
    std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(&file)
        .and_then(|mut out| out.write_all(lines.as_bytes()))
        .map_err(|error| Failure::new(format!("`{}` cannot be written: {error}", file.display())))
}

/// What was done, for the log.
fn told(outcome: &Outcome, plan: &ReviewPlan, fork: bool) -> String {
    if outcome.superseded {
        return "the pull request has a newer head: nothing was posted\n".to_owned();
    }
    let mut text = format!(
        "posted {} comments, changed {}, closed {} threads, kept {}\n",
        outcome.posted,
        outcome.revised,
        outcome.retired,
        plan.kept.len()
    );
    if outcome.read_only {
        text.push_str(if fork {
            "this token may not write: pull requests from forks get a token that only reads. The findings are annotations of this run.\n"
        } else {
            "this token may not write: the job needs `permissions: { contents: read, pull-requests: write }`. The findings are annotations of this run.\n"
        });
    }
    text
}

/// A plan for a person.
fn printed(plan: &ReviewPlan) -> String {
    let mut out = format!(
        "would review {} ({}): {} comments, {} changed, {} closed, {} kept, {} annotations\n",
        plan.head,
        match plan.conclusion {
            Conclusion::Clean => "clean",
            Conclusion::Findings => "findings",
            Conclusion::Incomplete => "incomplete",
        },
        plan.comments.len(),
        plan.revisions.len(),
        plan.retirements.len(),
        plan.kept.len(),
        plan.annotations.len(),
    );
    let mut block = |heading: String, body: &str| {
        let _ = write!(out, "\n--- {heading}\n{}\n", body.trim_end());
    };
    for comment in &plan.comments {
        let place = match &comment.anchor {
            Anchor::File { path } => path.to_string(),
            Anchor::Lines {
                path, first, last, ..
            } if first == last => format!("{path}:{first}"),
            Anchor::Lines {
                path, first, last, ..
            } => format!("{path}:{first}-{last}"),
        };
        let what = if comment.suggests {
            "suggestion"
        } else {
            "comment"
        };
        block(format!("{what} on {place}"), &comment.body);
    }
    for revision in &plan.revisions {
        block(
            format!("comment {} becomes", revision.comment),
            &revision.body,
        );
    }
    for retirement in &plan.retirements {
        block(
            format!("thread {} is closed", retirement.comment),
            &retirement.body,
        );
    }
    for annotation in &plan.annotations {
        let place = format!("{}:{}", annotation.path, annotation.first);
        block(
            format!("annotation of {place}: {}", annotation.title),
            &annotation.message,
        );
    }
    let how = match (plan.summary.comment, plan.summary.unchanged) {
        (_, true) => "unchanged",
        (Some(_), _) => "changed",
        (None, _) => "new",
    };
    block(format!("summary, {how}"), &plan.summary.body);
    out
}
