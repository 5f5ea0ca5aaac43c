//! The ends of a pipeline: encoders that make a sink's bytes, or nothing at all.

use std::marker::PhantomData;
use std::sync::Arc;

use super::gathered::Gathered;
use crate::application::{Encoder, Message};
use crate::core::frames::Frames;
use crate::core::frames::dead_letter::Cause;
use crate::core::frames::preview::preview_bytes;
use crate::core::frames::trace::HopEvent;
use crate::core::guard::{clear_guarded, for_each_guarded};
use crate::core::numbers::SinkPlace;
use crate::core::steps::batch::{Item, Payload, Produced};
use crate::core::steps::context::{Context, StepName};
use crate::core::steps::{Flow, PIECE, Progress, Segment};

/// Encodes batches for one sink.
pub(crate) trait EncodeBatch<M> {
    /// Expects that this many messages will come until the batch is finished, unless some have come already.
    fn expect(&mut self, messages: usize);

    /// Encodes every message, or makes it a dead letter. Outputs are sent when they are many.
    fn encode(
        &mut self,
        frames: &Arc<Frames>,
        items: &[Item<M>],
        context: &mut Context<'_>,
        produced: &mut Produced,
    );

    /// Sends what is left of the batch's outputs.
    fn finish(&mut self, frames: &Arc<Frames>, produced: &mut Produced);
}

/// Encodes batches with an author's encoder.
pub(crate) struct EncodeStep<E, W> {
    name: StepName,
    encoder: Arc<E>,
    gathered: Gathered,
    writes: PhantomData<fn(W)>,
}

impl<E, W> EncodeStep<E, W> {
    pub fn new(name: StepName, place: SinkPlace, encoder: Arc<E>) -> Self {
        Self { name, encoder, gathered: Gathered::new(place), writes: PhantomData }
    }
}

impl<M: Message, E: Encoder<M, W>, W> EncodeBatch<M> for EncodeStep<E, W> {
    fn expect(&mut self, messages: usize) {
        self.gathered.expect(messages);
    }

    fn encode(
        &mut self,
        frames: &Arc<Frames>,
        items: &[Item<M>],
        context: &mut Context<'_>,
        produced: &mut Produced,
    ) {
        let Self { name, encoder, gathered, .. } = self;
        let traced = frames.any_traced();
        let mut given = 0;
        gathered.make_room(items.len());
        for_each_guarded(
            &mut items.iter(),
            &mut (&mut *context, &mut *gathered, &mut *produced),
            |item| item.frame,
            |(context, gathered, produced), Item { frame, message }| {
                let end = match gathered.write(|out| encoder.encode(message, out)) {
                    Ok(end) if end == gathered.end() => return,
                    Ok(end) => end,
                    Err(reason) => return context.refuse(name, frames, *frame, &reason),
                };
                let trace = if traced { frames.trace(*frame) } else { None };
                let preview = trace.as_ref().map(|_| preview_bytes(gathered.written(end)));
                if let Err(length) = gathered.add(end, u32::MAX, frames, produced) {
                    return too_long(name, frames, *frame, length, context);
                }
                given += 1;
                if let (Some(trace), Some(preview)) = (trace, preview) {
                    gathered.keep_trace(&trace);
                    context.trace(name, frames, *frame, || HopEvent::Encoded(preview));
                }
                if gathered.is_full() {
                    gathered.send(frames, produced);
                    gathered.make_room(PIECE);
                }
            },
            |(context, ..), frame, reason| {
                context.dead_letter(name, frames, frame, None, Cause::Panicked, reason);
            },
        );
        context.report.count_step(name.index, given);
    }

    fn finish(&mut self, frames: &Arc<Frames>, produced: &mut Produced) {
        self.gathered.finish(frames, produced);
    }
}

#[cold]
fn too_long(
    name: &StepName,
    frames: &Frames,
    frame: u32,
    length: usize,
    context: &mut Context<'_>,
) {
    let reason = format!("its output has {length} bytes, and an output has at most {}", u32::MAX);
    context.dead_letter(name, frames, frame, None, Cause::TooLong, reason);
}

/// Encodes a flow's messages for every sink of the pipeline.
pub(crate) struct EncodeEnd<M> {
    pub before: Box<dyn Flow<M>>,
    pub encoders: Vec<Box<dyn EncodeBatch<M>>>,
    /// A piece of the flow's messages; kept so that its memory is used again.
    pub input: Vec<Item<M>>,
}

impl<M> Segment for EncodeEnd<M> {
    fn begin(&mut self, frames: &Frames, payload: Payload, context: &mut Context<'_>) {
        // Messages that stay on this worker come as one piece after another.
        let of_batch = if let Payload::Own(expected) = payload { Some(expected) } else { None };
        let messages = self.before.begin(frames, payload, context);
        let expected = of_batch.unwrap_or(messages);
        self.encoders.iter_mut().for_each(|encoder| encoder.expect(expected));
    }

    fn next(
        &mut self,
        frames: &Arc<Frames>,
        context: &mut Context<'_>,
        produced: &mut Produced,
    ) -> Progress {
        let progress = self.before.next(frames, context, &mut self.input);
        for encoder in &mut self.encoders {
            encoder.encode(frames, &self.input, context, produced);
        }
        clear_guarded(&mut self.input);
        progress
    }

    fn finish(&mut self, frames: &Arc<Frames>, _: &mut Context<'_>, produced: &mut Produced) {
        self.encoders.iter_mut().for_each(|encoder| encoder.finish(frames, produced));
    }
}

/// Drops a flow's messages: the end of a pipeline without a sink.
pub(crate) struct DoneEnd<M> {
    pub before: Box<dyn Flow<M>>,
    /// A piece of the flow's messages; kept so that its memory is used again.
    pub input: Vec<Item<M>>,
}

impl<M> Segment for DoneEnd<M> {
    fn begin(&mut self, frames: &Frames, payload: Payload, context: &mut Context<'_>) {
        self.before.begin(frames, payload, context);
    }

    fn next(
        &mut self,
        frames: &Arc<Frames>,
        context: &mut Context<'_>,
        _: &mut Produced,
    ) -> Progress {
        let before = context.report.stateful;
        let progress = self.before.next(frames, context, &mut self.input);
        // The last step may give nothing: then what it processed counts.
        let processed = context.report.stateful - before;
        context.report.ended += processed.max(self.input.len() as u64);
        clear_guarded(&mut self.input);
        progress
    }

    fn finish(&mut self, _: &Arc<Frames>, _: &mut Context<'_>, _: &mut Produced) {}
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use crate::application::{Encoder, Out, Reason, Sink, Source};
    use crate::core::test_driver::TestDriver;
    use crate::core::topology::{Application, Pipeline, Topology};

    /// Encodes `c` by clearing first, refuses `r` and panics at `p`, both with some bytes written, and writes
    /// nothing for `n`.
    fn into_vec(payload: &Vec<u8>, output: &mut Vec<u8>) -> Result<(), Reason> {
        output.extend_from_slice(b"<");
        match payload.as_slice() {
            b"c" | b"n" => output.clear(),
            b"r" => return Err("refused".into()),
            b"p" => panic!("no p"),
            _ => {}
        }
        if payload != b"n" {
            output.extend_from_slice(payload);
        }
        Ok(())
    }

    /// The same, but for clearing.
    fn into_out(payload: &Vec<u8>, output: &mut Out<'_>) -> Result<(), Reason> {
        match payload.as_slice() {
            b"c" | b"n" => {}
            _ => output.byte(b'<'),
        }
        match payload.as_slice() {
            b"r" => Err("refused".into()),
            b"p" => panic!("no p"),
            b"n" => Ok(()),
            _ => Ok(output.write_all(payload)?),
        }
    }

    /// A type that is an encoder.
    struct IntoOut;

    impl Encoder<Vec<u8>> for IntoOut {
        fn encode(&self, payload: &Vec<u8>, output: &mut Out<'_>) -> Result<(), Reason> {
            into_out(payload, output)
        }
    }

    fn topology(end: impl FnOnce(Pipeline<Vec<u8>>) -> Application) -> Topology {
        let decode = |payload: &[u8]| Ok::<_, Reason>(Some(payload.to_vec()));
        end(Application::new("x").pipeline("p", Source::new(decode))).build().unwrap()
    }

    /// What comes of these payloads of a byte each, all in one batch, and the reasons of dead letters.
    fn run(topology: &Topology, payloads: &[u8]) -> (Vec<Vec<u8>>, Vec<String>) {
        let mut driver = TestDriver::new(topology);
        let batch: Vec<u8> = payloads.iter().flat_map(|byte| [0, 0, 0, 1, *byte]).collect();
        driver.push("p", &batch).unwrap();
        driver.run_batches();
        let reasons = driver.dead_letters().iter().map(|letter| letter.reason.clone());
        (driver.outputs("p").unwrap().to_vec(), reasons.collect())
    }

    #[test]
    fn each_kind_of_encoder_touches_its_own_output_only() {
        let topologies = [
            topology(|pipeline| pipeline.to_sink(Sink::new(into_vec))),
            topology(|pipeline| pipeline.to_sink(Sink::new(into_out))),
            topology(|pipeline| pipeline.to_sink(Sink::new(IntoOut))),
            topology(|pipeline| pipeline.to_sinks([Sink::new(into_vec).boxed()])),
            topology(|pipeline| pipeline.to_sinks([Sink::new(into_out).boxed()])),
            topology(|pipeline| pipeline.to_sinks([Sink::new(IntoOut).boxed()])),
            topology(|pipeline| {
                pipeline.to_sink(Sink::new(|payload: &Vec<u8>, output: &mut Vec<u8>| {
                    into_vec(payload, output)
                }))
            }),
            topology(|pipeline| {
                pipeline.to_sink(Sink::new(|payload: &Vec<u8>, output: &mut Out<'_>| {
                    into_out(payload, output)
                }))
            }),
        ];
        for topology in topologies {
            let (outputs, reasons) = run(&topology, b"acrnpbr");
            assert_eq!(outputs, [&b"<a"[..], b"c", b"<b"]);
            assert_eq!(reasons, ["refused", "panicked: no p", "refused"]);
        }
    }

    #[test]
    fn outputs_longer_than_what_is_sent_together_are_whole() {
        let long = |payload: &Vec<u8>, output: &mut Out<'_>| {
            (0..usize::from(payload[0]) * 1_000).for_each(|_| output.bytes(payload));
        };
        let payloads: Vec<u8> = (0..=255).chain((0..10).map(|_| 255)).chain(1..20).collect();
        let (outputs, reasons) =
            run(&topology(|pipeline| pipeline.to_sink(Sink::new(long))), &payloads);
        let expected = payloads.iter().filter(|byte| **byte > 0);
        let expected = expected.map(|byte| vec![*byte; usize::from(*byte) * 1_000]);
        assert!(outputs == expected.collect::<Vec<_>>(), "outputs as they were written");
        assert!(reasons.is_empty());
    }

    #[test]
    fn a_closure_that_writes_to_a_vec_or_an_out_needs_no_more_than_its_types() {
        let lines = |sink: fn(Pipeline<Vec<u8>>) -> Application| run(&topology(sink), b"ab").0;
        let found = lines(|pipeline| {
            pipeline.to_sink(Sink::new(|payload: &Vec<u8>, output: &mut Vec<u8>| {
                writeln!(output, "{}", payload.len())
            }))
        });
        assert_eq!(found, [b"1\n", b"1\n"]);
        let found = lines(|pipeline| {
            pipeline.to_sink(Sink::new(|payload: &Vec<u8>, output: &mut Out<'_>| {
                writeln!(output, "{}", payload.len())
            }))
        });
        assert_eq!(found, [b"1\n", b"1\n"]);
        let nothing = |_: &Vec<u8>, _: &mut Out<'_>| {};
        assert!(
            run(&topology(|pipeline| pipeline.to_sink(Sink::new(nothing))), b"ab").0.is_empty()
        );
    }
}
