//! Outputs that another process has made, where they are written: the last operator of a pipeline, if an engine runs in
//! several processes.
//!
//! It is within the dataflow: when the frontier behind it has passed a checkpoint, every output of before is at its sink.

use timely::dataflow::StreamVec;
use timely::dataflow::channels::pact::Exchange;
use timely::dataflow::operators::Operator;

use super::common::Common;
use super::exchange::{Exchanged, NO_BATCH, Time};
use super::stage::{RoutedOutput, write_to};
use crate::core::numbers::PipelineIndex;
use crate::core::steps::batch::Output;
use crate::endpoints::ToSink;
use crate::runtime::processes::neighbours::Neighbours;

/// Takes outputs to the process that has the sinks, and writes them there in the order in which they arrive.
pub(super) fn gather(
    stream: StreamVec<'_, Time, Exchanged>,
    pipeline: PipelineIndex,
    sinks: Vec<ToSink>,
    common: Common,
) -> StreamVec<'_, Time, Exchanged> {
    let by_worker = Exchange::new(|exchanged: &Exchanged| exchanged.worker().0 as u64);
    // What is lost keeps its time, so that no checkpoint counts without it.
    let mut lost = Vec::new();
    stream.unary(by_worker, "gather", |_, _| {
        move |input, output: &mut RoutedOutput<'_>| {
            // Not `for_each_time`: it would break the order of a key's outputs.
            input.for_each(|time, exchanged| {
                for exchanged in exchanged.drain(..) {
                    let gathered = gathered(exchanged, pipeline, common.neighbours());
                    let sink = gathered.as_ref().and_then(|gathered| sinks.get(gathered.sink.0));
                    if sink.is_none() {
                        // Before it is dropped, which would return it.
                        common.shared.contradict(NO_BATCH);
                        lost.push(time.retain(output.output_index()));
                    }
                    if let Some((gathered, sink)) = gathered.zip(sink) {
                        let _writing = gathered.frames.writing();
                        write_to(sink, gathered);
                    }
                }
            });
        }
    })
}

/// Outputs that have come from another process.
fn gathered(
    exchanged: Exchanged,
    pipeline: PipelineIndex,
    neighbours: Option<&Neighbours>,
) -> Option<Output> {
    match exchanged {
        Exchanged::Output(output) => output.borrow(pipeline, neighbours?),
        Exchanged::All { .. } | Exchanged::Lent(_) | Exchanged::Routed { .. } => None,
    }
}
