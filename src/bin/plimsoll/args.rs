//! Every flag, once: raw arguments as clap reads them, each also as a `PLIMSOLL_…` variable.
//!
//! Nothing is resolved here; the commands turn these into the types of the library.

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{ArgMatches, Args, FromArgMatches, Parser, Subcommand, ValueEnum};
use plimsoll::waiver::Date;

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

/// The commands, each with its name, its line of help and its arguments. Unlike clap's own derivation it leaves the arguments
/// undefined until the command is asked for: to define those of all commands takes longer than to render a small chart.
macro_rules! commands {
    ($($about:literal $name:literal => $variant:ident($arguments:ty),)+) => {
        #[derive(Debug)]
        pub(crate) enum Command {
            $($variant($arguments),)+
        }

        impl Subcommand for Command {
            fn augment_subcommands(parent: clap::Command) -> clap::Command {
                parent$(.subcommand(
                    clap::Command::new($name)
                        .about($about)
                        // What is flattened into the arguments has words of its own, which are not the command's.
                        .defer(|command| <$arguments>::augment_args(command).about($about)),
                ))+
            }

            fn augment_subcommands_for_update(parent: clap::Command) -> clap::Command {
                Self::augment_subcommands(parent)
            }

            fn has_subcommand(name: &str) -> bool {
                [$($name),+].contains(&name)
            }
        }

        impl FromArgMatches for Command {
            fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
                match matches.subcommand() {
                    $(Some(($name, given)) => <$arguments>::from_arg_matches(given).map(Self::$variant),)+
                    _ => Err(clap::Error::new(ErrorKind::MissingSubcommand)),
                }
            }

            fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
                *self = Self::from_arg_matches(matches)?;
                Ok(())
            }
        }
    };
}

commands! {
    "Report what a change introduces" "check" => Check(Check),
    "Show what a change does to the rendered objects" "diff" => Diff(Diff),
    "Review a pull request on GitHub" "review" => Review(Box<Review>),
    "Write a workflow and a configuration into a repository" "init" => Init(Init),
    "Write down what is found now, so that only what is new blocks" "baseline" => Baseline(Baseline),
    "Apply fixes that were rendered and evaluated again" "fix" => Fix(Fix),
    "Print what Helm or Kustomize would print for a chart or a kustomization" "render" => Render(Box<Render>),
    "Say where the value of a field came from, or what a control or a framework is about" "explain" => Explain(Explain),
    "List the controls" "controls" => Controls(Controls),
    "Run the tests of your own policies" "test" => Test(Test),
    "Print the JSON Schema of the configuration, of the report or of the baseline" "schema" => Schema(Schema),
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

/// What may be fetched.
#[derive(Debug, Args)]
#[command(next_help_heading = "Network")]
#[expect(
    clippy::struct_field_names,
    reason = "a field is called as its flag is"
)]
pub(crate) struct Network {
    /// Fetch the charts, bases and files that are named but not in the repository, and check them, too. Authorities in
    /// `SSL_CERT_FILE` and `SSL_CERT_DIR` are trusted; logins of Helm and Docker are used for hosts that are named
    #[arg(long, env = "PLIMSOLL_ALLOW_NETWORK")]
    pub(crate) allow_network: bool,
    /// With --allow-network, ask only this host, which may be a private one: `charts.example.com`, `*.example.com`,
    /// `http://localhost:5000`; may be repeated [default: the configuration's list, else every public host, by HTTPS]
    #[arg(
        long,
        value_name = "HOST",
        value_delimiter = ',',
        env = "PLIMSOLL_ALLOW_HOST"
    )]
    pub(crate) allow_host: Vec<String>,
    /// Where what was fetched is kept; without --allow-network, only what is kept there is used [default: `plimsoll` in
    /// the user's cache directory]
    #[arg(long, value_name = "DIR", env = "PLIMSOLL_CACHE_DIR")]
    pub(crate) cache_dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) sides: Sides,
    /// What standard output carries [default: text]
    #[arg(long, value_name = "FORMAT", env = "PLIMSOLL_FORMAT")]
    pub(crate) format: Option<Format>,
    /// Write a report (FORMAT=FILE, `-` for standard output); may be given more than once. Text goes to standard error where
    /// a report takes standard output
    #[arg(
        long,
        value_name = "FORMAT=FILE",
        value_delimiter = ',',
        env = "PLIMSOLL_REPORT"
    )]
    pub(crate) report: Vec<ReportTo>,
    /// The lowest severity of a new finding that fails the check [default: the configuration's, else medium]
    #[arg(long, value_name = "SEVERITY", env = "PLIMSOLL_FAIL_ON")]
    pub(crate) fail_on: Option<FailOn>,
    /// Show findings that were there before the change, too
    #[arg(long, env = "PLIMSOLL_EXISTING")]
    pub(crate) existing: bool,
    /// Fail on findings that were there before the change, too; without `--base`, on all that are in the head
    #[arg(long, env = "PLIMSOLL_ALL")]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) waivers: Waivers,
    #[command(flatten)]
    pub(crate) network: Network,
    /// Do not look for fixes, which takes most of the time of a check with findings
    #[arg(long, env = "PLIMSOLL_NO_FIXES")]
    pub(crate) no_fixes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Review {
    /// The number of the pull request [default: the one that the workflow runs for]
    #[arg(long, value_name = "NUMBER", env = "PLIMSOLL_PULL")]
    pub(crate) pull: Option<u64>,
    /// Its repository, `owner/name`
    #[arg(long, value_name = "REPOSITORY", env = "GITHUB_REPOSITORY")]
    pub(crate) repository: Option<String>,
    /// A token that may read the pull request and write its review
    #[arg(
        long,
        value_name = "TOKEN",
        env = "PLIMSOLL_TOKEN",
        hide_env_values = true
    )]
    pub(crate) token: Option<String>,
    /// GitHub's REST interface; of an Enterprise server `https://HOST/api/v3`
    #[arg(
        long,
        value_name = "URL",
        default_value = "https://api.github.com",
        env = "GITHUB_API_URL"
    )]
    pub(crate) api_url: String,
    /// GitHub's GraphQL interface [default: the one that belongs to the REST interface]
    #[arg(long, value_name = "URL", env = "GITHUB_GRAPHQL_URL")]
    pub(crate) graphql_url: Option<String>,
    /// What is posted
    #[arg(
        long,
        value_name = "WHAT",
        default_value = "review",
        env = "PLIMSOLL_COMMENT"
    )]
    pub(crate) comment: Posting,
    /// Post on drafts, too
    #[arg(long, env = "PLIMSOLL_DRAFTS")]
    pub(crate) drafts: bool,
    /// Make a check run, too. The token of a workflow puts it under the first workflow of the commit, whichever that is
    #[arg(long, env = "PLIMSOLL_CHECK_RUN")]
    pub(crate) check_run: bool,
    /// Print what would be posted, and post nothing
    #[arg(long, env = "PLIMSOLL_DRY_RUN")]
    pub(crate) dry_run: bool,
    /// How many seconds to wait for GitHub's rate limits, in all
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 180,
        env = "PLIMSOLL_WAIT"
    )]
    pub(crate) wait: u64,
    #[command(flatten)]
    pub(crate) check: Check,
}

/// What a review posts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Posting {
    /// Comments at the lines, and the summary
    Review,
    /// The summary alone
    Summary,
    /// Nothing: annotations, the job summary and the exit code tell
    None,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Replace files that are there
    #[arg(long, env = "PLIMSOLL_FORCE")]
    pub(crate) force: bool,
}

/// How waivers are treated.
#[derive(Debug, Args)]
pub(crate) struct Waivers {
    /// Waivers that the change itself brings do not count, as in a review [default: true where CI is set]
    #[arg(long, env = "PLIMSOLL_STRICT_WAIVERS")]
    pub(crate) strict_waivers: bool,
    /// The day on which waivers are judged (YYYY-MM-DD) instead of today
    #[arg(long, value_name = "DAY", hide = true, env = "PLIMSOLL_TODAY")]
    pub(crate) today: Option<Date>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Format {
    /// For a person at a terminal
    Text,
    /// For programs: `plimsoll schema report`
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML, for the test views of CI
    Junit,
    /// Workflow commands, which GitHub shows at the lines
    Github,
    /// Markdown, for a job summary
    Markdown,
    /// One page with the rendered difference
    Html,
}

/// A format and where it goes; `None` for standard output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReportTo {
    pub(crate) format: Format,
    pub(crate) file: Option<PathBuf>,
}

impl std::str::FromStr for ReportTo {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (format, file) = text
            .split_once('=')
            .ok_or_else(|| "write FORMAT=FILE, as in `sarif=out.sarif` or `json=-`".to_owned())?;
        let format = Format::from_str(format, false)
            .map_err(|_| format!("`{format}` is no format; there are {}", Format::names()))?;
        match file {
            "" => Err("a file is missing after `=`; `-` is standard output".to_owned()),
            "-" => Ok(Self { format, file: None }),
            file => Ok(Self {
                format,
                file: Some(PathBuf::from(file)),
            }),
        }
    }
}

impl Format {
    fn names() -> String {
        let values = Self::value_variants().iter();
        let names =
            values.filter_map(|format| Some(format.to_possible_value()?.get_name().to_owned()));
        names.collect::<Vec<_>>().join(", ")
    }
}

#[derive(Debug, Args)]
pub(crate) struct Baseline {
    /// What to list the findings of: a git revision, `:index`, `:worktree`, or a directory [default: the work tree]
    #[arg(long, value_name = "SIDE", env = "PLIMSOLL_HEAD")]
    pub(crate) head: Option<String>,
    /// Use this configuration instead of the repository's
    #[arg(long, value_name = "FILE", env = "PLIMSOLL_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Only take out what is no longer found, and add nothing
    #[arg(long, env = "PLIMSOLL_PRUNE")]
    pub(crate) prune: bool,
    /// The day on which waivers are judged (YYYY-MM-DD) instead of today
    #[arg(long, value_name = "DAY", hide = true, env = "PLIMSOLL_TODAY")]
    pub(crate) today: Option<Date>,
    /// The file to write (`-` for standard output) [default: the configuration's, else .plimsoll-baseline.yaml]
    #[arg(long, value_name = "FILE", env = "PLIMSOLL_OUTPUT")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) network: Network,
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
    #[command(flatten)]
    pub(crate) network: Network,
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
    #[command(flatten)]
    pub(crate) network: Network,
}

#[derive(Debug, Clone, Args)]
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
    /// How much the templates, or a kustomization, may do before they are stopped: the default, 4 times or 16 times as much
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
    /// The order of the resources of a kustomization without `sortOptions`: by kind, or as they came (`none`)
    #[arg(
        long,
        value_name = "ORDER",
        default_value = "legacy",
        value_parser = ["legacy", "none", "unspecified"],
        hide_possible_values = true,
        env = "PLIMSOLL_REORDER"
    )]
    pub(crate) reorder: String,
    /// Label each resource as managed by Kustomize, as `buildMetadata: [managedByLabel]` does
    #[arg(
        long,
        default_missing_value = "true",
        num_args = 0..=1,
        require_equals = true,
        default_value_t = false,
        hide_default_value = true,
        hide_possible_values = true,
        env = "PLIMSOLL_ENABLE_MANAGEDBY_LABEL"
    )]
    pub(crate) enable_managedby_label: bool,
    /// Accepted so that command lines for Kustomize work; no command is run
    #[arg(long, value_name = "COMMAND", env = "PLIMSOLL_HELM_COMMAND")]
    pub(crate) helm_command: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Fix {
    #[command(flatten)]
    pub(crate) sides: Sides,
    /// Print the changes and write nothing
    #[arg(long, env = "PLIMSOLL_DRY_RUN")]
    pub(crate) dry_run: bool,
    /// Apply fixes that could stop a workload from starting or working, too
    #[arg(long = "unsafe", env = "PLIMSOLL_UNSAFE")]
    pub(crate) with_unsafe: bool,
    /// Fix findings that were there before the change, too, in all apps
    #[arg(long, env = "PLIMSOLL_ALL")]
    pub(crate) all: bool,
    /// Only findings of these controls, by id or name
    #[arg(
        long,
        value_name = "CONTROLS",
        value_delimiter = ',',
        env = "PLIMSOLL_CONTROLS"
    )]
    pub(crate) control: Vec<String>,
    /// Only apps whose id contains this
    #[arg(long, value_name = "TEXT", env = "PLIMSOLL_APP")]
    pub(crate) app: Option<String>,
    /// Only fixes of files below these paths
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) network: Network,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// A rendered object (`deployment/web`, `Deployment/web`), a control (`C-0057`, `privileged`), or a framework (`hipaa`)
    #[arg(value_name = "RESOURCE|CONTROL|FRAMEWORK")]
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
    #[command(flatten)]
    pub(crate) network: Network,
}

#[derive(Debug, Args)]
pub(crate) struct Controls {
    /// Only the controls of this framework
    #[arg(long, value_name = "FRAMEWORK", env = "PLIMSOLL_FRAMEWORK")]
    pub(crate) framework: Option<String>,
    /// What standard output carries
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "text",
        env = "PLIMSOLL_FORMAT"
    )]
    pub(crate) format: Listing,
}

/// How a list is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Listing {
    Text,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Files and directories of Rego, from the directory this runs in [default: the configuration's `policies`, else
    /// `policy`]
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<String>,
    /// YAML and JSON files that the policies read as `data` [default: the configuration's]
    #[arg(short, long, value_name = "PATH", env = "PLIMSOLL_DATA")]
    pub(crate) data: Vec<String>,
    /// Only tests whose full name (`data.main.test_x`) or whose control this pattern finds
    #[arg(short, long, value_name = "PATTERN", env = "PLIMSOLL_RUN")]
    pub(crate) run: Option<String>,
    /// Show the tests that pass, too
    #[arg(short, long, env = "PLIMSOLL_VERBOSE")]
    pub(crate) verbose: bool,
    /// Show which lines of the policies the tests evaluate
    #[arg(short, long, env = "PLIMSOLL_COVERAGE")]
    pub(crate) coverage: bool,
    /// Run the pages of Plimsoll's own controls, too
    #[arg(long, env = "PLIMSOLL_BUILT_IN")]
    pub(crate) built_in: bool,
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
    /// What `--report json=FILE` writes
    Report,
    /// `.plimsoll-baseline.yaml`
    Baseline,
}
