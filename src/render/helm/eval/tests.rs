//! Origins of what is printed and of what is not, and templates that mean harm.

use std::sync::Arc;

use super::*;
use crate::origin::{Origins, Role, Trace};
use crate::render::helm::function::Limits;
use crate::render::helm::functions;
use crate::render::helm::value::Map;
use crate::text::{RepoPath, Span};

const TEMPLATE: &str = "web.yaml";

struct Rendered {
    text: Text,
    origins: Origins,
    template: String,
    values: String,
}

impl Rendered {
    /// The places behind the characters of `part`, as `data: … control: … empty: …` in their own words.
    fn explain(&self, part: &str) -> String {
        let bytes = self.text.as_bytes();
        let at =
            find(bytes, part.as_bytes(), 0).unwrap_or_else(|| panic!("{part} in {:?}", self.text));
        let mut words = Vec::new();
        for (range, origin) in self.text.runs() {
            let meets = Span::new(range.start, range.end).meets(Span::new(at, at + part.len()));
            if meets {
                words.push(self.describe(&self.origins.trace(origin)));
            }
        }
        words.dedup();
        words.join(" | ")
    }

    fn describe(&self, trace: &Trace) -> String {
        let place = |source: &crate::origin::Source| {
            let text = match source.role {
                Role::Values => &self.values,
                _ => &self.template,
            };
            source.span.of(text).to_owned()
        };
        let list = |sources: &[crate::origin::Source]| {
            sources.iter().map(place).collect::<Vec<_>>().join(", ")
        };
        let mut out = list(&trace.data);
        if !trace.control.is_empty() {
            out.push_str(" <- ");
            out.push_str(&list(&trace.control));
        }
        for read in &trace.empty {
            out.push_str(&format!(" ?{}", read.path));
        }
        out
    }
}

fn render_within(template: &str, values: &str, limits: Limits) -> Result<Rendered, String> {
    let mut origins = Origins::new();
    let text: Arc<str> = Arc::from(template);
    let file = origins.add_file(&RepoPath::new(TEMPLATE).unwrap(), &text);
    let values_text: Arc<str> = Arc::from(values);
    let values_file = origins.add_file(&RepoPath::new("values.yaml").unwrap(), &values_text);
    let mut set = TemplateSet::new(functions::of(HelmVersion::V4));
    set.parse(TEMPLATE, file, &text)
        .map_err(|error| error.go_message())?;
    let parsed = crate::yaml::parse(values).documents[0]
        .value(crate::yaml::Dialect::Helm, &mut |span| {
            origins.source(values_file, span, Role::Values)
        })
        .unwrap();
    let values_value = Value::from_yaml(&parsed);
    values_value.name_paths("");
    let root = Map::new();
    root.set("Values", Origin::NONE, values_value);
    let root = Value::map(root, Origin::NONE);
    let mut context = Context::new(&mut origins, "r", HelmVersion::V4, limits);
    let text = set
        .execute(TEMPLATE, &root, &mut context)
        .map_err(|error| error.cause().to_owned())?;
    Ok(Rendered {
        text,
        origins,
        template: template.to_owned(),
        values: values.to_owned(),
    })
}

fn render(template: &str, values: &str) -> Rendered {
    render_within(template, values, Limits::default()).unwrap()
}

#[test]
fn what_is_printed_knows_its_places() {
    let check = |template: &str, values: &str, part: &str, expected: &str| {
        let rendered = render(template, values);
        assert_eq!(rendered.explain(part), expected, "{template}");
    };
    check("a: {{ .Values.b }}", "b: one", "a: ", "a:");
    check(
        "a: {{ .Values.b }}",
        "b: one",
        "one",
        "one <- {{ .Values.b }}",
    );
    check("{{ .Values.w }}", "w: 5", "5", "5 <- {{ .Values.w }}");
    check(
        "{{ if .Values.c }}x{{ end }}",
        "c: yes",
        "x",
        "x <- yes, {{ if .Values.c }}",
    );
    check(
        "{{ range .Values.l }}[{{ . }}]{{ end }}",
        "l: [p, q]",
        "q",
        "q <- {{ . }}, q, p, {{ range .Values.l }}",
    );
    check(
        "{{ define \"d\" }}k: {{ .x }}{{ end }}{{ include \"d\" .Values | nindent 2 }}",
        "x: v",
        "v",
        "v <- {{ .x }}, {{ include \"d\" .Values | nindent 2 }}",
    );
    check(
        "{{ printf \"%s:%s\" .Values.i .Values.t }}",
        "i: img\nt: tag",
        "tag",
        "tag <- {{ printf \"%s:%s\" .Values.i .Values.t }}",
    );
    check(
        "{{ tpl .Values.t . }}",
        "t: a-{{ .Values.b }}\nb: one",
        "a-",
        "a-{{ .Values.b }} <- {{ tpl .Values.t . }}",
    );
    check(
        "{{ $x := .Values.b }}{{ if .Values.c }}{{ $x }}{{ end }}",
        "b: one\nc: true",
        "one",
        "one <- {{ $x }}, true, {{ if .Values.c }}",
    );
    check(
        "{{ if or .Values.a .Values.c }}x{{ end }}",
        "a: false\nc: true",
        "x",
        "x <- true, false, {{ if or .Values.a .Values.c }}",
    );
}

#[test]
fn what_is_not_printed_leaves_a_trace() {
    let check = |template: &str, values: &str, expected: &str| {
        let rendered = render(template, values);
        let empties: Vec<String> = rendered
            .text
            .runs()
            .flat_map(|(_, origin)| rendered.origins.trace(origin).empty)
            .map(|read| read.path.to_string())
            .collect();
        assert_eq!(empties.join(" "), expected, "{template}");
    };
    check("{{ .Values.none }}", "a: 1", "none");
    check("{{ .Values.a.none }}x", "a: {b: 1}", "a.none");
    check("{{ with .Values.a.r }}x{{ end }}", "a: {r: {}}", "a.r");
    check("{{ if .Values.s }}x{{ end }}", "s: ''", "s");
    check(
        "{{ with .Values.a }}{{ if .none }}x{{ end }}{{ end }}",
        "a: {b: 1}",
        "a.none",
    );
    check("{{ index .Values \"none\" }}", "a: 1", "none");
}

#[test]
fn hostile_templates_end() {
    let limits = Limits {
        steps: 200_000,
        bytes: 1 << 20,
        memory: 4 << 20,
    };
    let check = |template: &str, expected: &str| {
        let template = template.to_owned();
        let run = std::thread::Builder::new()
            .stack_size(512 << 20)
            .spawn(move || render_within(&template, "a: 1", limits).err());
        let error = run.unwrap().join().unwrap().unwrap();
        assert!(error.contains(expected), "{error}");
    };
    check(
        "{{ range 1000 }}{{ range 1000 }}{{ end }}{{ end }}",
        super::OUT_OF_STEPS,
    );
    check(
        "{{ range 100000 }}0123456789abcdef{{ end }}",
        super::OUT_OF_BYTES,
    );
    check(
        "{{ define \"x\" }}{{ template \"x\" . }}{{ end }}{{ template \"x\" . }}",
        "nested too deeply",
    );
    check(
        "{{ define \"x\" }}{{ include \"x\" . }}{{ end }}{{ include \"x\" . }}",
        "nested reference name: x",
    );
    check(
        "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ $x := list }}{{ range 20000 }}{{ $x = list $x }}{{ end }}{{ fail \"deep\" }}",
        "deep",
    );
    check(&"{{ if 1 }}".repeat(5000), "max expression depth");
    check(
        &format!("{{{{ {}", "(".repeat(5000)),
        "max expression depth",
    );
}

#[test]
fn cyclic_maps_are_printed_up_to_a_depth() {
    let rendered = std::thread::Builder::new()
        .stack_size(512 << 20)
        .spawn(|| {
            let template = "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ print $d | len }}";
            render(template, "a: 1").text.len()
        })
        .unwrap()
        .join()
        .unwrap();
    assert!(rendered > 0);
}

/// A map may be an argument twice, or hold itself.
#[test]
fn one_map_may_be_two_arguments() {
    let calls = [
        "merge $d $d",
        "mergeOverwrite $d $d",
        "mustMerge $d $d $e",
        "mustMergeOverwrite $d $e $d",
        "set $d \"s\" $d",
        "set $d \"a\" (dict \"a\" $d)",
        "unset $d \"a\"",
        "pick $d \"a\"",
        "omit $d \"a\"",
        "deepCopy $d",
        "deepEqual $d $d",
        "keys $d $d",
        "values $d",
        "pluck \"a\" $d $d",
        "dig \"a\" \"b\" \"x\" $d",
        "hasKey $d \"a\"",
        "merge $d.a $d",
        "merge $d $d.a",
        "mergeOverwrite $d.a $d",
        "toYaml $d",
        "toJson $d",
        "toToml $d",
        "toString $d",
        "printf \"%#v\" $d",
        "uniq (list $d $d)",
        "has $d (list $d)",
        "without (list $d) $d",
        "ternary $d $d true",
        "default $d $d",
        "coalesce $d $d",
        "concat (list $d) (list $d)",
        "kindOf $d",
        "eq $d $d",
        "empty $d",
        "compact (list $d)",
        "toPrettyJson $d",
        "toRawJson $d",
        "urlJoin $d",
        "list $d | toYaml",
        "tpl \"{{ toYaml . }}\" $d",
    ];
    for cycle in ["", "{{ $_ := set $d \"self\" $d }}"] {
        for call in calls {
            let template = format!(
                "{{{{ $e := dict \"z\" 1 }}}}{{{{ $d := dict \"a\" (dict \"b\" 1) }}}}{cycle}{{{{ {call} }}}}"
            );
            let limits = Limits {
                steps: 1_000_000,
                bytes: 16 << 20,
                memory: 16 << 20,
            };
            let run = std::thread::Builder::new()
                .stack_size(512 << 20)
                .spawn(move || render_within(&template, "a: 1", limits).is_ok());
            assert!(run.unwrap().join().is_ok(), "{cycle}{call} panicked");
        }
    }
}
