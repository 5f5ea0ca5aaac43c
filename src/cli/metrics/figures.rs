//! The figures of a run as OpenMetrics.
//!
//! Every label is a name of the application or of the engine, and never of a message: the number of lines does not grow
//! with what comes in. The keys of `wallaroo_top_key_messages` are as many as were asked for.

use std::collections::BTreeSet;
use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeGaugeValue, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use crate::core::partitions::query::PartitionCount;
use crate::telemetry::{
    KeyMeasured, Measured, PipelineMeasured, Readiness, SavedMeasured, SinkState,
};

/// What every name begins with.
const PREFIX: &str = "wallaroo";

/// How many characters of a key are shown: a key may be as long as a message.
const KEY_SHOWN: usize = 64;

/// The figures as text. `partitions` and the keys that were asked for are those of the workers that have answered.
pub(super) fn openmetrics(
    measured: Measured,
    partitions: Vec<PartitionCount>,
    top: Vec<KeyMeasured>,
) -> String {
    let mut registry = Registry::with_prefix(PREFIX);
    registry.register_collector(Box::new(Served { measured, partitions, top }));
    let mut text = String::new();
    let encoded = encode(&mut text, &registry);
    debug_assert!(encoded.is_ok(), "writing to a string does not fail");
    text
}

#[derive(Debug)]
struct Served {
    measured: Measured,
    partitions: Vec<PartitionCount>,
    top: Vec<KeyMeasured>,
}

/// The labels of a line.
type Labels = Vec<(&'static str, String)>;

/// A name without its unit, the unit, and what it means.
type Named = (&'static str, Option<Unit>, &'static str);

type Out<'a, 'b> = &'a mut DescriptorEncoder<'b>;

impl Collector for Served {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let out = &mut encoder;
        self.of_the_run(out)?;
        self.throughput(out)?;
        self.dead_letters(out)?;
        self.latency(out)?;
        self.pressure(out)?;
        self.of_workers(out)?;
        self.measured.saved.as_ref().map_or(Ok(()), |saved| of_saved(out, saved))?;
        self.top_keys(out)
    }
}

impl Served {
    fn of_the_run(&self, out: Out<'_, '_>) -> fmt::Result {
        let Measured { application, readiness, uptime, .. } = &self.measured;
        let help = "The application and the version of the program";
        let mut info = out.encode_descriptor("run", help, None, MetricType::Info)?;
        let version = ("version", env!("CARGO_PKG_VERSION").to_owned());
        info.encode_info(&[("application", application.to_string()), version])?;
        let named = ("uptime", Some(Unit::Seconds), "The time since the start");
        gauge(out, named, one(uptime.as_secs_f64()))?;
        let named = ("ready", None, "1 if messages are taken in, as /readyz says");
        gauge(out, named, one(u64::from(*readiness == Readiness::Ready)))
    }

    fn throughput(&self, out: Out<'_, '_>) -> fmt::Result {
        let named =
            ("input_messages", None, "Messages read, those that became dead letters included");
        counter(out, named, self.each(|of| of.totals.messages_in))?;
        let named = ("input", Some(Unit::Bytes), "Bytes read, with what is around each message");
        counter(out, named, self.each(|of| of.totals.bytes_in))?;
        let named = ("output_messages", None, "Outputs written to sinks");
        counter(out, named, self.each(|of| of.totals.messages_out))?;
        let named = ("output", Some(Unit::Bytes), "Bytes written to sinks");
        counter(out, named, self.each(|of| of.totals.bytes_out))?;
        let named = ("filtered_messages", None, "Messages that a decoder dropped on purpose");
        counter(out, named, self.each(|of| of.totals.filtered))?;
        let given = self.measured.pipelines.iter().flat_map(|pipeline| {
            pipeline
                .steps
                .iter()
                .enumerate()
                .map(|(place, step)| (of_step(pipeline, Some(place), &step.name), step.given))
        });
        counter(out, ("step_messages", None, "Messages that a step gave"), given)
    }

    fn dead_letters(&self, out: Out<'_, '_>) -> fmt::Result {
        let refused = self.measured.pipelines.iter().flat_map(|pipeline| {
            pipeline.refused.iter().map(|refused| {
                let mut labels = of_step(pipeline, refused.place, &refused.step);
                labels.push(("cause", refused.cause.name().to_owned()));
                (labels, refused.count)
            })
        });
        counter(out, ("dead_letters", None, "Messages that could not be processed"), refused)?;
        let help = "Dead letters that are not in their file and never will be";
        counter(out, ("dead_letters_lost", None, help), one(self.measured.dead_letters_lost))
    }

    fn latency(&self, out: Out<'_, '_>) -> fmt::Result {
        let help = "From the reading of a message to the writing of its output";
        let unit = Some(&Unit::Seconds);
        let mut family = out.encode_descriptor("latency", help, unit, MetricType::Histogram)?;
        for pipeline in &self.measured.pipelines {
            let latency = &pipeline.latency;
            let buckets = latency.bars.iter().map(|bar| (seconds(bar.bound), bar.count));
            let buckets: Vec<_> = buckets.collect();
            let count = latency.bars.iter().map(|bar| bar.count).sum();
            family.encode_family(&of(pipeline))?.encode_histogram::<NoLabelSet>(
                latency.seconds,
                count,
                &buckets,
                None,
            )?;
        }
        Ok(())
    }

    fn pressure(&self, out: Out<'_, '_>) -> fmt::Result {
        let named = ("budget_used", Some(Unit::Bytes), "Bytes charged for what is in flight");
        gauge(out, named, self.each(|of| of.budget_used as u64))?;
        let named = ("budget_limit", Some(Unit::Bytes), "The bytes at which sources wait");
        gauge(out, named, self.each(|of| of.budget_limit as u64))?;
        let named = ("budget_waiting", None, "1 if a source has waited for the budget for a while");
        gauge(out, named, self.each(|of| u64::from(of.held)))?;
        // A sink that has not reported anything writes.
        let states = [
            (SinkState::Waiting, "waiting"),
            (SinkState::Stalled, "stalled"),
            (SinkState::Closing, "closing"),
        ];
        let sinks = self.measured.pipelines.iter().flat_map(|pipeline| {
            states.iter().map(|(state, name)| {
                let mut labels = of(pipeline);
                labels.push(("state", (*name).to_owned()));
                let alike = pipeline.sinks.iter().filter(|sink| sink.state == *state);
                (labels, alike.count() as u64)
            })
        });
        let help = "Sinks that do not write: waiting for a receiver, stalled because theirs takes nothing, or closing";
        gauge(out, ("waiting_sinks", None, help), sinks)?;
        let clients = self.measured.pipelines.iter().flat_map(|pipeline| {
            pipeline.clients.iter().map(|at| {
                let mut labels = of(pipeline);
                labels.push(("process", at.process.to_string()));
                (labels, at.clients as u64)
            })
        });
        let help = "Clients that are connected to a source, process by process";
        gauge(out, ("clients", None, help), clients)
    }

    fn of_workers(&self, out: Out<'_, '_>) -> fmt::Result {
        let workers = self.measured.workers.iter().enumerate();
        let messages =
            workers.map(|(worker, count)| (vec![("worker", worker.to_string())], *count));
        let help = "Messages that the partitions of a worker have processed";
        counter(out, ("worker_messages", None, help), messages)?;
        let partitions = self.partitions.iter().map(|count| {
            let state = ("state", count.state.to_string());
            (vec![state, ("worker", count.worker.0.to_string())], count.partitions as u64)
        });
        let help = "Partitions, without those of a worker that has not answered in time";
        gauge(out, ("partitions", None, help), partitions)
    }

    fn top_keys(&self, out: Out<'_, '_>) -> fmt::Result {
        if self.top.is_empty() {
            return Ok(());
        }
        // Long keys may begin alike: then the first, which has the most messages, is the one that is shown.
        let mut named = BTreeSet::new();
        let mut lines = Vec::new();
        for of in &self.top {
            let key = shortened(&of.key.to_string());
            if named.insert(key.clone()) {
                lines.push((vec![("state", of.state.to_string()), ("key", key)], of.messages));
            }
        }
        let help = "Messages that the partitions with the most messages have processed, of the first state";
        gauge(out, ("top_key_messages", None, help), lines)
    }

    /// A line for each pipeline.
    fn each(
        &self,
        value: impl Fn(&PipelineMeasured) -> u64,
    ) -> impl Iterator<Item = (Labels, u64)> {
        self.measured.pipelines.iter().map(move |pipeline| (of(pipeline), value(pipeline)))
    }
}

fn of_saved(out: Out<'_, '_>, saved: &SavedMeasured) -> fmt::Result {
    let named = ("checkpoint_epoch", None, "The number of the newest whole checkpoint");
    gauge(out, named, one(saved.epoch))?;
    let help = "The time since the last checkpoint was whole, or since the start. It grows while nothing changes";
    gauge(out, ("checkpoint_age", Some(Unit::Seconds), help), one(saved.age.as_secs_f64()))?;
    let help = "How long nothing could enter because of the last checkpoint";
    gauge(out, ("checkpoint_held", Some(Unit::Seconds), help), one(saved.held.as_secs_f64()))?;
    let help = "How long the last checkpoint took in all";
    gauge(out, ("checkpoint_duration", Some(Unit::Seconds), help), one(saved.took.as_secs_f64()))?;
    let named = ("unsaved_messages", None, "Messages processed since the newest whole checkpoint");
    gauge(out, named, one(saved.unsaved))?;
    let named = ("journal", Some(Unit::Bytes), "Bytes of the messages in the journal");
    gauge(out, named, one(saved.journal))?;
    let named =
        ("crashes_survived", None, "Crashes of the engine after which this process went on");
    counter(out, named, one(saved.crashes))?;
    let help = "How often this process began with what was saved, its start included";
    counter(out, ("recoveries", None, help), one(saved.recoveries))
}

fn of(pipeline: &PipelineMeasured) -> Labels {
    vec![("pipeline", pipeline.name.to_string())]
}

/// Steps of one pipeline may have the same name: the place tells them apart.
fn of_step(pipeline: &PipelineMeasured, place: Option<usize>, name: &str) -> Labels {
    let mut labels = of(pipeline);
    labels.extend(place.map(|place| ("position", place.to_string())));
    labels.push(("step", name.to_owned()));
    labels
}

/// A bound of microseconds; infinite if there is none.
#[expect(clippy::cast_precision_loss, reason = "the bounds are at most a minute")]
fn seconds(bound: Option<u64>) -> f64 {
    bound.map_or(f64::INFINITY, |bound| bound as f64 / 1e6)
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(KEY_SHOWN) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// A line without labels.
fn one<V>(value: V) -> [(Labels, V); 1] {
    [(Labels::new(), value)]
}

fn counter(
    out: Out<'_, '_>,
    named: Named,
    lines: impl IntoIterator<Item = (Labels, u64)>,
) -> fmt::Result {
    family(out, &named, MetricType::Counter, lines, |value, mut line| {
        line.encode_counter::<NoLabelSet, u64, f64>(&value, None)
    })
}

fn gauge<V: EncodeGaugeValue>(
    out: Out<'_, '_>,
    named: Named,
    lines: impl IntoIterator<Item = (Labels, V)>,
) -> fmt::Result {
    family(out, &named, MetricType::Gauge, lines, |value, mut line| line.encode_gauge(&value))
}

fn family<V>(
    out: Out<'_, '_>,
    (name, unit, help): &Named,
    metric_type: MetricType,
    lines: impl IntoIterator<Item = (Labels, V)>,
    encode: impl Fn(V, MetricEncoder<'_>) -> fmt::Result,
) -> fmt::Result {
    let mut family = out.encode_descriptor(name, help, unit.as_ref(), metric_type)?;
    let mut lines = lines.into_iter();
    lines.try_for_each(|(labels, value)| encode(value, family.encode_family(&labels)?))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::application::Key;

    #[test]
    fn names_and_keys_of_any_characters_stay_on_their_line_and_no_line_comes_twice() {
        let key = |text: &str, messages| KeyMeasured {
            state: "s".into(),
            key: Key::from(text),
            messages,
        };
        let long = "x".repeat(KEY_SHOWN);
        let measured = Measured {
            application: "a\"b\nc\\".into(),
            readiness: Readiness::Ready,
            uptime: Duration::from_millis(1500),
            pipelines: Vec::new(),
            workers: Vec::new(),
            dead_letters_lost: 0,
            saved: None,
        };
        let top = vec![key(&long, 9), key(&format!("{long}1"), 8), key(&format!("{long}2"), 7)];
        let text = openmetrics(measured, Vec::new(), top);
        assert!(text.contains(r#"wallaroo_run_info{application="a\"b\nc\\",version="#), "{text}");
        let keys: Vec<_> =
            text.lines().filter(|line| line.starts_with("wallaroo_top_key_messages{")).collect();
        let line = |key: &str, messages| {
            format!("wallaroo_top_key_messages{{state=\"s\",key=\"{key}\"}} {messages}")
        };
        assert_eq!(keys, [line(&long, 9), line(&format!("{long}..."), 8)]);
        assert!(text.contains("\nwallaroo_uptime_seconds 1.5\n") && text.ends_with("\n# EOF\n"));
    }
}
