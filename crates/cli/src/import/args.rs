//! The arguments of `import`.

use std::path::PathBuf;

use clap::Args;

/// Send the rows of a file as leads.
#[derive(Debug, Clone, Args)]
#[command(after_help = "An import that was stopped goes on when it is started again; no row becomes two leads.\n\n\
    Examples:\n  \
    leadrouter import --mapping mapping.yaml leads.csv\n  \
    leadrouter import --mapping mapping.yaml --dry-run --report rejected.csv leads.jsonl.gz")]
pub struct ImportArgs {
    /// CSV or JSON Lines, also compressed with gzip.
    pub file: PathBuf,

    /// The YAML file that says which column becomes which field.
    #[arg(long, value_name = "FILE")]
    pub mapping: PathBuf,

    /// Where to write rejected rows: CSV with line, column and reason. Without it only their number is told.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,

    /// Where to note how far the import has come, so that it can go on after a stop. Otherwise
    /// `.NAME.leadrouter-checkpoint` beside the input, or in the current folder if nothing can be written there.
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,

    /// Begin with the first row, whatever the checkpoint says.
    #[arg(long)]
    pub restart: bool,

    /// Read and check all rows, and send nothing.
    #[arg(long)]
    pub dry_run: bool,

    /// Most leads in one request.
    #[arg(long, value_name = "N", default_value_t = 250, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub batch: u16,

    /// Most requests under way at a time.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub in_flight: u16,

    /// Show no progress.
    #[arg(long)]
    pub quiet: bool,
}

impl ImportArgs {
    /// The import of `file` by `mapping` with everything else as it is when not told.
    pub fn new(file: impl Into<PathBuf>, mapping: impl Into<PathBuf>) -> Self {
        Self {
            file: file.into(),
            mapping: mapping.into(),
            report: None,
            checkpoint: None,
            restart: false,
            dry_run: false,
            batch: 250,
            in_flight: 4,
            quiet: false,
        }
    }
}
