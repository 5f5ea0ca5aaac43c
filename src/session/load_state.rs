//! What a session keeps of its load.

use crate::core::load::search::{Finding, Searching};
use crate::core::load::settings::LoadSettings;
use crate::telemetry::latency::Latency;

/// The load of a session.
#[derive(Default)]
pub(super) struct Load {
    pub now: Option<Running>,
    /// What engines that have crashed had sent.
    pub earlier: Counts,
}

/// How many messages were sent, and how many of them were spoiled.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub sent: u64,
    pub malformed: u64,
}

/// A load that goes on.
pub(super) struct Running {
    pub settings: LoadSettings,
    pub search: Option<UnderWay>,
    pub finding: Option<Finding>,
    /// What had been sent when it began.
    pub before: Counts,
}

/// A search, and the latencies up to the beginning of the present rate.
pub(super) struct UnderWay {
    pub searching: Searching,
    pub before: Latency,
}
