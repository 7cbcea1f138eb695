//! Every flag, once: raw arguments as clap reads them, each also as a `PLIMSOLL_…` variable.
//!
//! Nothing is resolved here; the commands turn these into the types of the library.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Reviews what a change does to the cluster, before it merges.
///
/// Renders the Helm charts, Kustomize overlays and manifests of a repository on both sides of a change, compares them,
/// and reports what the change introduces, each finding on the line a person wrote.
///
/// Exit codes: 0 nothing blocks, 1 findings block, 2 something could not be checked.
#[derive(Debug, Parser)]
#[command(name = "plimsoll", version, max_term_width = 110)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Run as if started in this directory
    #[arg(
        short = 'C',
        long,
        global = true,
        value_name = "DIR",
        env = "PLIMSOLL_DIRECTORY"
    )]
    pub(crate) directory: Option<PathBuf>,
    /// When to use colours
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        env = "PLIMSOLL_COLOR"
    )]
    pub(crate) color: When,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Report what a change introduces
    Check(Check),
    /// Show what a change does to the rendered objects
    Diff(Diff),
    /// Print what Helm or Kustomize would print for a chart or a kustomization
    Render(Box<Render>),
    /// Say where the value of a field came from, or what a control is about
    Explain(Explain),
    /// List the controls
    Controls,
    /// Print the JSON Schema of the configuration or of the report
    Schema(Schema),
}

/// The two sides of a comparison.
#[derive(Debug, Args)]
pub(crate) struct Sides {
    /// What to compare with: a git revision, `:index`, `:worktree`, or a directory [default: where the head left the
    /// remote's default branch]
    #[arg(long, value_name = "SIDE", env = "PLIMSOLL_BASE")]
    pub(crate) base: Option<String>,
    /// What to check: a git revision, `:index`, `:worktree`, or a directory [default: the work tree]
    #[arg(long, value_name = "SIDE", env = "PLIMSOLL_HEAD")]
    pub(crate) head: Option<String>,
    /// Use this configuration instead of the one in base
    #[arg(long, value_name = "FILE", env = "PLIMSOLL_CONFIG")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) sides: Sides,
    /// What standard output carries
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "text",
        env = "PLIMSOLL_FORMAT"
    )]
    pub(crate) format: Format,
    /// The lowest severity of a new finding that fails the check [default: the configuration's, else medium]
    #[arg(long, value_name = "SEVERITY", env = "PLIMSOLL_FAIL_ON")]
    pub(crate) fail_on: Option<FailOn>,
    /// Show findings that were there before the change, too
    #[arg(long, env = "PLIMSOLL_EXISTING")]
    pub(crate) existing: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    Low,
    Medium,
    High,
    Critical,
    Never,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    #[command(flatten)]
    pub(crate) sides: Sides,
    /// Only apps whose id contains this
    #[arg(long, value_name = "TEXT", env = "PLIMSOLL_APP")]
    pub(crate) app: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Render {
    /// A chart (a directory or a .tgz), a kustomization's directory, or a manifest file
    #[arg(value_name = "TARGET")]
    pub(crate) target: PathBuf,
    /// Print after each line where it came from
    #[arg(long, env = "PLIMSOLL_ORIGINS")]
    pub(crate) origins: bool,
    #[command(flatten)]
    pub(crate) helm: Helm,
    #[command(flatten)]
    pub(crate) kustomize: Kustomize,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Charts (as `helm template`)")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[expect(
    clippy::struct_field_names,
    reason = "a field is called as its flag is"
)]
pub(crate) struct Helm {
    /// Release name
    #[arg(
        long,
        value_name = "NAME",
        default_value = "release-name",
        env = "PLIMSOLL_NAME"
    )]
    pub(crate) name: String,
    /// Release namespace
    #[arg(
        short,
        long,
        value_name = "NAMESPACE",
        default_value = "default",
        env = "PLIMSOLL_NAMESPACE"
    )]
    pub(crate) namespace: String,
    /// Values file; each is laid over the ones before it
    #[arg(
        short = 'f',
        long,
        value_name = "FILE",
        value_delimiter = ',',
        env = "PLIMSOLL_VALUES"
    )]
    pub(crate) values: Vec<PathBuf>,
    /// Set values (key1=val1,key2=val2)
    #[arg(long, value_name = "VALUES", env = "PLIMSOLL_SET")]
    pub(crate) set: Vec<String>,
    /// Set values as text
    #[arg(long, value_name = "VALUES", env = "PLIMSOLL_SET_STRING")]
    pub(crate) set_string: Vec<String>,
    /// Set values as JSON
    #[arg(long, value_name = "VALUES", env = "PLIMSOLL_SET_JSON")]
    pub(crate) set_json: Vec<String>,
    /// Set values from files (key=path)
    #[arg(long, value_name = "VALUES", env = "PLIMSOLL_SET_FILE")]
    pub(crate) set_file: Vec<String>,
    /// Set one value literally (key=text)
    #[arg(long, value_name = "VALUE", env = "PLIMSOLL_SET_LITERAL")]
    pub(crate) set_literal: Vec<String>,
    /// Kubernetes version for `.Capabilities.KubeVersion`
    #[arg(long, value_name = "VERSION", env = "PLIMSOLL_KUBE_VERSION")]
    pub(crate) kube_version: Option<String>,
    /// Kubernetes API versions for `.Capabilities.APIVersions`, added to the defaults
    #[arg(
        short,
        long,
        value_name = "VERSIONS",
        value_delimiter = ',',
        env = "PLIMSOLL_API_VERSIONS"
    )]
    pub(crate) api_versions: Vec<String>,
    /// Print the chart's CRDs, too
    #[arg(long, env = "PLIMSOLL_INCLUDE_CRDS")]
    pub(crate) include_crds: bool,
    /// Leave hooks out
    #[arg(long, env = "PLIMSOLL_NO_HOOKS")]
    pub(crate) no_hooks: bool,
    /// Leave test hooks out
    #[arg(long, env = "PLIMSOLL_SKIP_TESTS")]
    pub(crate) skip_tests: bool,
    /// Set `.Release.IsUpgrade` instead of `.Release.IsInstall`
    #[arg(long, env = "PLIMSOLL_IS_UPGRADE")]
    pub(crate) is_upgrade: bool,
    /// Print only these templates
    #[arg(short, long, value_name = "TEMPLATE", env = "PLIMSOLL_SHOW_ONLY")]
    pub(crate) show_only: Vec<String>,
    /// Do not check values against values.schema.json
    #[arg(long, env = "PLIMSOLL_SKIP_SCHEMA_VALIDATION")]
    pub(crate) skip_schema_validation: bool,
    /// Whose behaviour, where Helm 3 and Helm 4 differ
    #[arg(long, value_name = "MAJOR", default_value = "4", value_parser = ["3", "4"], env = "PLIMSOLL_HELM_VERSION")]
    pub(crate) helm_version: String,
    /// How much the templates may do before they are stopped: the default, 4 times or 16 times as much
    #[arg(long, value_name = "SIZE", default_value = "default", value_parser = ["default", "large", "huge"], env = "PLIMSOLL_LIMITS")]
    pub(crate) limits: String,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Kustomizations (as `kustomize build`)")]
pub(crate) struct Kustomize {
    /// Where files may lie: at or below the kustomization (`LoadRestrictionsRootOnly`), or anywhere in the repository
    /// (`LoadRestrictionsNone`)
    #[arg(
        long,
        value_name = "RULE",
        default_value = "LoadRestrictionsRootOnly",
        value_parser = ["LoadRestrictionsRootOnly", "LoadRestrictionsNone"],
        env = "PLIMSOLL_LOAD_RESTRICTOR"
    )]
    pub(crate) load_restrictor: String,
    /// Inflate `helmCharts`, with Plimsoll's own engine
    #[arg(long, env = "PLIMSOLL_ENABLE_HELM")]
    pub(crate) enable_helm: bool,
    /// Accepted so that command lines for Kustomize work; no command is run
    #[arg(long, value_name = "COMMAND", env = "PLIMSOLL_HELM_COMMAND")]
    pub(crate) helm_command: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// A rendered object (`deployment/web`, `Deployment/web`), or a control (`C-0057`, `privileged`)
    #[arg(value_name = "RESOURCE|CONTROL")]
    pub(crate) subject: String,
    /// A field of the object (`spec.replicas`, `spec.template.spec.containers[0].image`)
    #[arg(value_name = "FIELD")]
    pub(crate) field: Option<String>,
    /// Only apps whose id contains this
    #[arg(long, value_name = "TEXT", env = "PLIMSOLL_APP")]
    pub(crate) app: Option<String>,
    /// Where to look: a git revision, `:index`, `:worktree`, or a directory [default: the work tree]
    #[arg(long, value_name = "SIDE", env = "PLIMSOLL_HEAD")]
    pub(crate) head: Option<String>,
    /// Use this configuration instead of the repository's
    #[arg(long, value_name = "FILE", env = "PLIMSOLL_CONFIG")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Of what
    #[arg(value_name = "OF")]
    pub(crate) of: SchemaOf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    /// `.plimsoll.yaml`
    Config,
    /// What `--format json` prints
    Report,
}
