//! The arguments of `--metrics`.

use clap::Args;

use super::values::listening_address;

/// Where other programs can read the figures of a run.
#[derive(Debug, Args)]
pub(in crate::cli) struct MetricsArguments {
    /// Serve the figures of the run over HTTP: /metrics in OpenMetrics for Prometheus, /healthz and /readyz. A port or
    /// `:PORT` accepts connections from this machine only, 0.0.0.0:PORT from everywhere. Port 0 is any free port
    #[arg(long, value_name = "[HOST:]PORT", value_parser = listening_address)]
    pub metrics: Option<String>,
}

/// The max number of keys that the metrics name: each makes a series of its own.
const MAX_KEYS: usize = 20;

/// Reads a number from 0 to [`MAX_KEYS`].
pub(super) fn up_to_max_keys(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number <= MAX_KEYS);
    number.ok_or_else(|| format!("give a number from 0 to {MAX_KEYS}"))
}
