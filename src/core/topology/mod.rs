//! Puts an author's parts together: from [`Application`] to a checked [`Topology`].
//!
//! The chain of calls is typed: a step must take what the step before it gives, and a pipeline is
//! not part of the application until it has ended. What types cannot say, [`Application::build`] checks.

mod application;
mod error;
mod line;
mod pipeline;
mod plan;
mod sinks;
#[cfg(test)]
mod tests;

pub use application::Application;
pub use error::BuildError;
pub use pipeline::Pipeline;
pub use plan::{
    MergedInto, PipelinePlan, SinkPlan, SourcePlan, StatePlan, StepKind, StepPlan, Topology,
};
