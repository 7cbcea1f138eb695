//! What happens on a pull request, told against a GitHub of our own: each story runs the binary as a workflow does, and
//! looks at what it asked and at what stands there afterwards.
//!
//! `cargo test --test github -- --nocapture --test-threads=1 | grep '^|'` prints the list: what each story asserts, and its
//! requests.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::pedantic,
    clippy::panic,
    clippy::print_stdout,
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "a test that fails by panicking has done its work; the list of stories is printed; the demonstration uses the rest"
)]

mod double;
mod plans;
mod world;

use std::cell::RefCell;
use std::path::Path;

use double::{Comment, Double, Fault, Rights};
use serde_json::json;
use world::{Run, Tree, World, tree};

fn plimsoll() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_plimsoll"))
}

/// What a story tells of its runs.
#[derive(Default)]
struct Told(RefCell<Vec<String>>);

impl Told {
    /// Counts the requests of a run, and gives it back.
    fn run(&self, name: &str, run: Run) -> Run {
        let reading = run.asked.len() - run.creating() - run.changing();
        self.0.borrow_mut().push(format!(
            "{name} {}+{}+{reading}",
            run.creating(),
            run.changing()
        ));
        run
    }
}

/// A test for each story; the sentence is what it asserts.
macro_rules! stories {
    ($($name:ident: $asserts:literal => $body:expr;)*) => {
        $(
            #[test]
            fn $name() {
                let told = Told::default();
                let body: fn(&Told) = $body;
                body(&told);
                let requests = told.0.borrow().join(", ");
                println!("| {} | {} | {requests} |", stringify!($name).replace('_', " "), $asserts);
            }
        )*
    };
}

/// Pods in one file; those of `on` see the processes of the node.
fn pods(count: usize, on: &[usize]) -> String {
    let pod = |n: usize| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p{n}\n  labels: {{app: p{n}}}\nspec:\n  hostPID: {}\n  containers:\n    - name: main\n      image: registry.example/p{n}:1\n",
            on.contains(&n)
        )
    };
    (1..=count).map(pod).collect::<Vec<_>>().join("---\n")
}

/// The pods, and few controls: what is told matters here, not how much is looked for.
fn one_file(text: &str) -> Tree {
    tree(&[
        ("pods.yaml", text),
        (".plimsoll.yaml", "frameworks: [pss-baseline]\n"),
    ])
}

/// Three pods, of which the change lets three see the node.
fn three() -> World {
    World::new(
        plimsoll(),
        one_file(&pods(3, &[])),
        &one_file(&pods(3, &[1, 2, 3])),
    )
}

fn comments(world: &World) -> Vec<Comment> {
    world.double.state.lock().unwrap().comments.clone()
}

fn summary(world: &World) -> String {
    let state = world.double.state.lock().unwrap();
    assert_eq!(state.summaries.len(), 1, "there is one summary");
    state.summaries[0].2.clone()
}

/// The text in the suggestion of a comment, as the forge reads it.
fn suggestion(comment: &Comment) -> Option<String> {
    use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
    let mut inside: Option<String> = None;
    for event in Parser::new(&comment.body) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) if &*info == "suggestion" => {
                inside = Some(String::new());
            }
            Event::Text(text) if inside.is_some() => inside.as_mut().unwrap().push_str(&text),
            Event::End(TagEnd::CodeBlock) if inside.is_some() => return inside,
            _ => {}
        }
    }
    None
}

/// The file after a click on the suggestions of these comments.
fn clicked(text: &str, comments: &[Comment]) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let mut comments: Vec<&Comment> = comments.iter().collect();
    comments.sort_by_key(|comment| std::cmp::Reverse(comment.line));
    for comment in comments {
        let Some(new) = suggestion(comment) else {
            continue;
        };
        assert_eq!(comment.side, "RIGHT");
        let last = comment.line.unwrap() as usize;
        let first = comment.start_line.map_or(last, |line| line as usize);
        lines.splice(first - 1..last, [new]);
    }
    lines.concat()
}

stories! {
    a_first_review: "a review with a suggestion for each finding and a summary, on the head and not on the test merge; outputs, job summary, exit 1" => |told| {
        let world = three();
        let run = told.run("first", world.review(&[]));
        assert_eq!(run.code, 1, "{}", run.err);
        assert_eq!((run.creating(), run.changing()), (2, 0));
        let (comments, summary) = (comments(&world), summary(&world));
        assert_eq!(comments.len(), 3);
        assert!(comments.iter().all(|c| suggestion(c).is_some() && c.commit == world.head_sha));
        assert!(summary.contains("3 new") && summary.contains("https://example.test/acme/charts/actions/runs/1"), "{summary}");
        for line in ["conclusion=findings", "new-findings=3", "review-url=https://example.test/acme/charts/pull/7#pullrequestreview-"] {
            assert!(run.outputs.contains(line), "{}", run.outputs);
        }
        assert!(run.summary.contains("C-0038"));
        assert!(!run.err.contains("::error"), "what a comment tells needs no annotation: {}", run.err);
    };
    a_second_run: "nothing is created and nothing changed" => |told| {
        let world = three();
        told.run("first", world.review(&[]));
        let run = told.run("second", world.review(&[]));
        assert_eq!((run.code, run.creating(), run.changing()), (1, 0, 0), "{}", run.err);
    };
    a_force_push: "what is still true is kept where it is, though its lines moved; what is new is told; the summary is edited" => |told| {
        let mut world = three();
        told.run("first", world.review(&[]));
        let before: Vec<u64> = comments(&world).iter().map(|c| c.id).collect();
        world.push(&one_file(&format!("# moved\n# down\n{}", pods(3, &[1, 2, 3]))));
        let run = told.run("moved", world.review(&[]));
        assert_eq!((run.creating(), run.changing()), (0, 1), "{}", run.err);
        world.push(&one_file(&format!("# moved\n{}", pods(4, &[1, 2, 3, 4]))));
        let run = told.run("one more", world.review(&[]));
        assert_eq!(run.creating(), 1, "{}", run.err);
        let after = comments(&world);
        assert!(before.iter().all(|id| after.iter().any(|c| c.id == *id)));
        // The new pod has findings of its own beside the one of the others.
        assert!(after[3..].iter().all(|comment| comment.body.contains("p4")), "{after:#?}");
    };
    what_moved_out_of_the_difference: "an outdated thread that still holds is kept, and has a patch in place of a suggestion that nobody could click" => |told| {
        let mut world = three();
        told.run("first", world.review(&[]));
        let reworded = pods(3, &[1, 2, 3]).replace("hostPID: true", "hostPID:   true");
        world.push(&one_file(&reworded));
        let run = told.run("reworded", world.review(&[]));
        assert_eq!(run.creating(), 0, "{}", run.err);
        let comments = comments(&world);
        assert!(comments.iter().all(|c| c.line.is_none() && suggestion(c).is_none()));
        assert!(comments.iter().all(|c| c.body.contains("```diff")));
        let again = told.run("again", world.review(&[]));
        assert_eq!((again.creating(), again.changing()), (0, 0));
    };
    fixed_with_clicks: "the suggestions, applied as GitHub applies them, leave no new finding; the threads say so and are resolved where the token may" => |told| {
        for may in [false, true] {
            let mut world = three();
            world.double.state.lock().unwrap().may_resolve = may;
            told.run("first", world.review(&[]));
            let fixed = clicked(&pods(3, &[1, 2, 3]), &comments(&world));
            assert_eq!(fixed, pods(3, &[]));
            world.push(&one_file(&(fixed + "# done\n")));
            let run = told.run(if may { "fixed, may resolve" } else { "fixed" }, world.review(&[]));
            assert_eq!((run.code, run.creating()), (0, 0), "{}", run.err);
            let comments = comments(&world);
            assert!(comments.iter().all(|c| c.body.contains("No longer found") && c.resolved == may));
            assert!(summary(&world).contains("nothing blocks"));
            let again = told.run("again", world.review(&[]));
            assert_eq!((again.creating(), again.changing()), (0, 0));
        }
    };
    answered_by_a_person: "a thread with an answer is left as it is, also when its finding is gone" => |told| {
        let mut world = three();
        told.run("first", world.review(&[]));
        let first = comments(&world).remove(0);
        world.double.state.lock().unwrap().say("dev", "we need this", Some(first.id));
        world.push(&one_file(&(pods(3, &[]) + "# gone\n")));
        told.run("gone", world.review(&[]));
        let after = comments(&world);
        assert_eq!(after.iter().find(|c| c.id == first.id).unwrap().body, first.body);
        assert_eq!(after.iter().filter(|c| c.body.contains("No longer found")).count(), 2);
    };
    comments_of_others: "a copy of our comment by somebody else is not taken for ours, nor is a person named like the bot" => |told| {
        let mut world = three();
        told.run("first", world.review(&[]));
        let mut state = world.double.state.lock().unwrap();
        for comment in &mut state.comments {
            comment.login = "eve".to_owned();
        }
        state.summaries[0].1 = "github-actions".to_owned();
        drop(state);
        world.push(&one_file(&(pods(3, &[1, 2, 3]) + "# again\n")));
        let run = told.run("second", world.review(&[]));
        assert_eq!((run.creating(), run.changing()), (2, 0), "{}", run.err);
        assert_eq!(comments(&world).len(), 6);
    };
    one_anchor_refused: "422 for one anchor of five: the four others stand on their lines, that one on its file" => |told| {
        let head = one_file(&pods(5, &[1, 2, 3, 4, 5]));
        let world = World::new(plimsoll(), one_file(&pods(5, &[])), &head);
        {
            // GitHub shows no patch, and its difference has one hunk less than ours.
            let mut state = world.double.state.lock().unwrap();
            let file = &mut state.files[0];
            file.shown = false;
            file.patch.truncate(file.patch.rfind("@@ -").unwrap());
        }
        let run = told.run("first", world.review(&[]));
        let comments = comments(&world);
        let on_file = comments.iter().filter(|c| c.on_file).count();
        assert_eq!((comments.len(), on_file), (5, 1), "{}", run.err);
        // The summary, the five, the first two, one, one, and the last on its file.
        assert_eq!(run.creating(), 6);
        let again = told.run("second", world.review(&[]));
        assert_eq!(again.creating(), 0, "{}", again.err);
    };
    a_token_that_only_reads: "403: one try, then annotations, the job summary and the exit code; the log names the permission" => |told| {
        let world = three();
        world.double.state.lock().unwrap().rights = Rights::Read;
        let run = told.run("first", world.review(&[]));
        assert_eq!((run.code, run.creating()), (1, 1));
        assert!(run.err.contains("pull-requests: write"), "{}", run.err);
        assert_eq!(run.err.matches("::error file=pods.yaml").count(), 3, "{}", run.err);
        assert!(run.summary.contains("C-0038") && run.outputs.contains("conclusion=findings"));
    };
    from_a_fork: "the same, and the log says why" => |told| {
        let mut world = three();
        world.fork();
        let run = told.run("first", world.review(&[]));
        assert_eq!((run.code, run.creating()), (1, 1));
        assert!(run.err.contains("forks"), "{}", run.err);
        assert_eq!(run.err.matches("::error file=pods.yaml").count(), 3);
    };
    a_repository_out_of_sight: "404 for everything: nothing is tried that creates, and the check counts all the same" => |told| {
        let world = three();
        world.double.state.lock().unwrap().rights = Rights::Nothing;
        let run = told.run("first", world.review(&[]));
        assert_eq!((run.code, run.creating()), (1, 0), "{}", run.err);
        assert!(run.err.contains("nothing was posted") && run.err.contains("404"), "{}", run.err);
        assert_eq!(run.err.matches("::error file=pods.yaml").count(), 3);
    };
    posted_though_github_failed: "502 after it was carried out: looked for, found, not posted again; 502 before: posted once" => |told| {
        for done in [true, false] {
            let world = three();
            world.double.fail(Fault { done, ..Fault::new("/reviews", 502) });
            let run = told.run(if done { "done" } else { "not done" }, world.review(&[]));
            assert_eq!(comments(&world).len(), 3, "{}", run.err);
            assert_eq!(run.count("POST", "/reviews"), 2 - usize::from(done));
            let again = told.run("again", world.review(&[]));
            assert_eq!((again.creating(), again.changing()), (0, 0), "{}", again.err);
        }
    };
    the_summary_posted_though_github_failed: "502 after the summary was posted: one summary, also after the next run" => |told| {
        let world = three();
        world.double.fail(Fault { done: true, ..Fault::new("/issues/7/comments", 502) });
        told.run("first", world.review(&[]));
        told.run("second", world.review(&[]));
        summary(&world);
        assert_eq!(comments(&world).len(), 3);
    };
    a_secondary_limit: "403 with Retry-After is waited for" => |told| {
        let world = three();
        world.double.fail(Fault { headers: "Retry-After: 1\r\n".to_owned(), ..Fault::new("/reviews", 403) });
        let run = told.run("first", world.review(&[]));
        assert_eq!((comments(&world).len(), run.count("POST", "/reviews")), (3, 2), "{}", run.err);
    };
    a_limit_beyond_the_budget: "a wait longer than `--wait` is said, the findings are annotations; the next run completes the review" => |told| {
        let world = three();
        world.double.fail(Fault { headers: "Retry-After: 900\r\n".to_owned(), ..Fault::new("/reviews", 403) });
        let run = told.run("first", world.review(&["--wait", "5"]));
        assert!(run.err.contains("rate limit"), "{}", run.err);
        assert_eq!((run.code, comments(&world).len()), (1, 0));
        assert_eq!(run.err.matches("::error file=pods.yaml").count(), 3, "{}", run.err);
        let run = told.run("second", world.review(&[]));
        assert_eq!((comments(&world).len(), run.creating()), (3, 1), "{}", run.err);
    };
    a_primary_limit: "no request left until a moment: waited for by the server's clock" => |told| {
        let world = three();
        let headers = "x-ratelimit-remaining: 0\r\nx-ratelimit-reset: 1795867204\r\nDate: Sat, 28 Nov 2026 12:00:03 GMT\r\n";
        world.double.fail(Fault { headers: headers.to_owned(), ..Fault::new("/reviews", 403) });
        let run = told.run("first", world.review(&[]));
        assert_eq!(comments(&world).len(), 3, "{}", run.err);
    };
    a_review_in_haste: "422 because a review came too quickly: the same review once more after a pause" => |told| {
        let world = three();
        world.double.fail(Fault { message: "was submitted too quickly", ..Fault::new("/reviews", 422) });
        let run = told.run("first", world.review(&[]));
        assert_eq!((comments(&world).len(), run.count("POST", "/reviews")), (3, 2), "{}", run.err);
    };
    more_than_300_files: "every page of the list is read, with the token" => |told| {
        let world = three();
        many_files(&world, 350);
        let run = told.run("first", world.review(&[]));
        assert_eq!(run.count("GET", "/files"), 4);
        assert_eq!(comments(&world).iter().filter(|c| suggestion(c).is_some()).count(), 3, "{}", run.err);
    };
    more_than_3000_files: "what GitHub lists no more is anchored by the clone's difference" => |told| {
        let world = three();
        many_files(&world, 3100);
        let run = told.run("first", world.review(&[]));
        assert_eq!(run.count("GET", "/files"), 30);
        assert_eq!(comments(&world).iter().filter(|c| suggestion(c).is_some()).count(), 3, "{}", run.err);
    };
    missing_patches: "a file that GitHub shows no patch of is anchored by the clone's difference" => |told| {
        let world = three();
        world.double.state.lock().unwrap().files[0].shown = false;
        told.run("first", world.review(&[]));
        assert_eq!(comments(&world).iter().filter(|c| suggestion(c).is_some()).count(), 3);
    };
    a_renamed_file: "comments stand on the new name" => |told| {
        let mut head = one_file("");
        head.remove("pods.yaml");
        head.insert("moved/pods.yaml".to_owned(), pods(3, &[2]));
        let renamed = [("pods.yaml", "moved/pods.yaml")];
        let world = World::with(Double::start(), plimsoll(), one_file(&pods(3, &[])), &head, &renamed);
        let run = told.run("first", world.review(&[]));
        let comments = comments(&world);
        assert!(!comments.is_empty() && comments.iter().all(|c| c.path == "moved/pods.yaml"), "{}", run.err);
        assert!(comments.iter().any(|c| c.line == Some(18) && suggestion(c).is_some()), "{comments:#?}");
    };
    line_ends_of_windows: "CRLF: a comment on the line with the patch, and no suggestion that could change the line ends" => |told| {
        let crlf = |on: &[usize]| one_file(&pods(3, on).replace('\n', "\r\n"));
        let world = World::new(plimsoll(), crlf(&[]), &crlf(&[2]));
        let run = told.run("first", world.review(&[]));
        let comments = comments(&world);
        assert_eq!(comments.len(), 1, "{}", run.err);
        assert!(comments[0].line.is_some() && suggestion(&comments[0]).is_none());
        assert!(comments[0].body.contains("```diff"));
    };
    a_name_full_of_markdown: "mentions, links, HTML, backticks and `</details>` in a name are text in every body" => |told| {
        let name = r#"@acme/all ``` ` </details><img src=x> [a](https://evil.test) **b** <!-- x --> #1 https://evil.test"#;
        let named = |text: String| text.replace("name: main", &format!("name: '{name}'"));
        let (base, head) = (named(pods(1, &[])), named(pods(1, &[1])).replace("image: registry.example/p1:1", "image: registry.example/p1:1\n      securityContext: {privileged: true}"));
        let world = World::new(plimsoll(), one_file(&base), &one_file(&head));
        let run = told.run("first", world.review(&[]));
        let bodies: Vec<String> = comments(&world).into_iter().map(|c| c.body).chain([summary(&world)]).collect();
        assert!(bodies.iter().any(|body| body.contains("evil")), "{}", run.err);
        for body in &bodies {
            only_ours(body);
        }
    };
    twenty_findings: "at most eight requests that create, with a check run" => |told| {
        let on: Vec<usize> = (1..=20).collect();
        let world = World::new(plimsoll(), one_file(&pods(20, &[])), &one_file(&pods(20, &on)));
        let run = told.run("first", world.review(&["--check-run", "--no-fixes"]));
        assert_eq!(comments(&world).len(), 20, "{}", run.err);
        assert!(run.creating() <= 8, "{}", run.creating());
        let again = told.run("second", world.review(&["--no-fixes"]));
        assert_eq!((again.creating(), again.changing()), (0, 0), "{}", again.err);
    };
    two_hundred_findings: "fifty comments in reviews of 25, the rest in the summary, which says so; a second run posts nothing" => |told| {
        let on: Vec<usize> = (1..=200).collect();
        let world = World::new(plimsoll(), one_file(&pods(200, &[])), &one_file(&pods(200, &on)));
        let run = told.run("first", world.review(&["--no-fixes"]));
        assert_eq!((comments(&world).len(), run.creating()), (50, 3), "{}", run.err);
        assert!(summary(&world).contains("only here"));
        assert!(run.err.matches("::error").count() <= 10);
        let again = told.run("second", world.review(&["--no-fixes"]));
        assert_eq!((again.creating(), again.changing()), (0, 0), "{}", again.err);
    };
    a_check_run: "annotations in batches of fifty, the first with the run; none of them cut silently" => |told| {
        let on: Vec<usize> = (1..=120).collect();
        let world = World::new(plimsoll(), one_file(&pods(120, &[])), &one_file(&pods(120, &on)));
        let run = told.run("first", world.review(&["--check-run", "--comment", "summary", "--no-fixes"]));
        let state = world.double.state.lock().unwrap();
        let annotations = state.check_runs[0]["output"]["annotations"].as_array().unwrap().len();
        assert_eq!((state.check_runs.len(), annotations, state.comments.len()), (1, 120, 0), "{}", run.err);
        assert_eq!((run.creating(), run.changing()), (2, 2));
    };
    an_enterprise_server: "REST below /api/v3, GraphQL at /api/graphql, the token with both, also on later pages" => |told| {
        let (base, head) = (one_file(&pods(3, &[])), one_file(&pods(3, &[1, 2, 3])));
        let world = World::with(Double::enterprise(), plimsoll(), base, &head, &[]);
        many_files(&world, 150);
        let run = told.run("first", world.review(&[]));
        assert_eq!((comments(&world).len(), run.creating()), (3, 2), "{}", run.err);
        assert!(run.asked.iter().all(|asked| asked.status < 300), "{:?}", run.asked);
        assert!(run.count("POST", "/api/graphql") > 0 && run.count("GET", "/api/v3/repos/acme/charts/pulls/7/files") == 2);
        let again = told.run("second", world.review(&[]));
        assert_eq!((again.creating(), again.changing()), (0, 0), "{}", again.err);
    };
    a_draft: "nothing is asked and nothing posted; annotations and exit code tell; with `--drafts` as any other" => |told| {
        let mut world = three();
        world.event.1["pull_request"]["draft"] = json!(true);
        let run = told.run("draft", world.review(&[]));
        assert_eq!((run.code, run.asked.len()), (1, 0), "{}", run.err);
        assert_eq!(run.err.matches("::error file=pods.yaml").count(), 3);
        let run = told.run("with --drafts", world.review(&["--drafts"]));
        assert_eq!((run.creating(), comments(&world).len()), (2, 3), "{}", run.err);
    };
    a_closed_pull_request: "nothing is checked, asked or posted; exit 0" => |told| {
        let mut world = three();
        world.event.1["action"] = json!("closed");
        world.event.1["pull_request"]["state"] = json!("closed");
        let run = told.run("closed", world.review(&[]));
        assert_eq!((run.code, run.asked.len()), (0, 0), "{}", run.err);
        assert!(run.err.contains("closed"));
    };
    other_events: "merge_group, push, workflow_dispatch: a check by exit code, annotations and job summary; nothing is asked" => |told| {
        let mut world = three();
        let (base, head) = (world.base_sha.clone(), world.head_sha.clone());
        world.check_out(&head);
        for (name, event) in [
            ("merge_group", json!({"action": "checks_requested", "merge_group": {"head_sha": head, "base_sha": base}})),
            ("push", json!({"before": base, "after": head})),
            ("workflow_dispatch", json!({})),
        ] {
            world.event = (name.to_owned(), event);
            let run = told.run(name, world.review(&[]));
            assert_eq!((run.code, run.asked.len()), (1, 0), "{name}: {}", run.err);
            assert!(run.outputs.contains("new-findings=3") && run.summary.contains("C-0038"), "{name}");
        }
    };
    the_rights_of_the_target: "pull_request_target with anything but the target's own files checked out is refused with the reason; with them it reviews" => |told| {
        let mut world = three();
        world.event.0 = "pull_request_target".to_owned();
        let run = told.run("merge checked out", world.review(&[]));
        assert_eq!((run.code, run.asked.len()), (2, 0));
        assert!(run.err.contains("pull_request_target") && run.err.contains("pull_request` instead"), "{}", run.err);
        world.check_out(&world.base_sha);
        let run = told.run("target checked out", world.review(&[]));
        assert_eq!((run.code, comments(&world).len()), (1, 3), "{}", run.err);
    };
    a_head_that_moved: "the pull request has a newer head: nothing is posted, and the log says so" => |told| {
        let world = three();
        world.double.state.lock().unwrap().head = "c".repeat(40);
        let run = told.run("first", world.review(&[]));
        assert_eq!(run.creating(), 0);
        assert!(run.err.contains("newer head"), "{}", run.err);
    };
    a_checkout_without_history: "exit 2 with the line to add to the workflow" => |told| {
        let mut world = three();
        let gone = "d".repeat(40);
        world.event.1["pull_request"]["base"]["sha"] = json!(gone);
        std::fs::remove_file(world.directory().join(".git/refs/remotes/origin/main")).unwrap();
        std::fs::write(world.directory().join(".git/shallow"), format!("{}\n", world.head_sha)).unwrap();
        let run = told.run("first", world.review(&[]));
        assert_eq!((run.code, run.asked.len()), (2, 0));
        assert!(run.err.contains("fetch-depth: 0"), "{}", run.err);
    };
    the_change_has_no_authority: "a configuration that the change brings does not turn its own review off" => |told| {
        let mut head = one_file(&pods(3, &[1, 2, 3]));
        head.insert(".plimsoll.yaml".to_owned(), "fail-on: never\nexclude: [\"**\"]\n".to_owned());
        let world = World::new(plimsoll(), one_file(&pods(3, &[])), &head);
        let run = told.run("first", world.review(&[]));
        assert_eq!((run.code, comments(&world).len()), (1, 3), "{}", run.err);
    };
    a_chart_that_cannot_be_rendered: "exit 2, the summary says incomplete, and no thread is called fixed" => |told| {
        let mut world = three();
        told.run("first", world.review(&[]));
        let mut head = one_file(&(pods(3, &[]) + "# fixed?\n"));
        head.insert("chart/Chart.yaml".to_owned(), "apiVersion: v2\nname: web\nversion: 0.1.0\n".to_owned());
        head.insert("chart/templates/a.yaml".to_owned(), "{{ if }}\n".to_owned());
        world.push(&head);
        let run = told.run("broken", world.review(&[]));
        assert_eq!(run.code, 2, "{}", run.err);
        assert!(summary(&world).contains("incomplete"));
        assert!(comments(&world).iter().all(|c| !c.body.contains("No longer found")));
        assert!(run.err.contains("::error file=chart/templates/a.yaml"), "{}", run.err);
    };
    a_dry_run: "the plan is printed, and nothing is created or changed" => |told| {
        let world = three();
        let run = told.run("first", world.review(&["--dry-run"]));
        assert_eq!((run.code, run.creating(), run.changing()), (1, 0, 0), "{}", run.err);
        assert!(run.out.contains("would review") && run.out.matches("suggestion on pods.yaml:").count() == 3, "{}", run.out);
        assert!(run.outputs.contains("conclusion=findings"));
    };
}

/// Files before the one that matters, in the order of the list.
fn many_files(world: &World, count: usize) {
    let mut state = world.double.state.lock().unwrap();
    let file = |n: usize| double::File {
        path: format!("docs/{n:04}.txt"),
        previous: None,
        status: "added",
        patch: "@@ -0,0 +1 @@\n+text\n".to_owned(),
        shown: true,
    };
    let mut all: Vec<_> = (0..count).map(file).collect();
    all.append(&mut state.files);
    state.files = all;
}

/// A body holds no link, picture or HTML but ours, and mentions nobody.
fn only_ours(body: &str) {
    use pulldown_cmark::{Event, Options, Parser, Tag};
    let mut code = 0;
    for event in Parser::new_ext(body, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => code += 1,
            Event::End(pulldown_cmark::TagEnd::CodeBlock) => code -= 1,
            Event::Start(Tag::Link { dest_url, .. }) => {
                assert!(
                    dest_url.starts_with("https://example.test/"),
                    "{dest_url} in {body}"
                );
            }
            Event::Start(Tag::Image { .. }) => panic!("a picture in {body}"),
            Event::Html(html) | Event::InlineHtml(html) => {
                let html = html.trim();
                let ours = html.starts_with("<!-- plimsoll/1 ")
                    || ["<details>", "</details>", "<summary>"]
                        .iter()
                        .any(|tag| html.starts_with(tag));
                assert!(ours && !html.contains("img"), "{html} in {body}");
            }
            Event::Text(text) if code == 0 => {
                assert!(
                    !text.contains("@acme") && !text.contains("#1"),
                    "{text} in {body}"
                );
                assert!(
                    !text.contains("https://evil.test"),
                    "a bare address becomes a link: {body}"
                );
            }
            _ => {}
        }
    }
}
