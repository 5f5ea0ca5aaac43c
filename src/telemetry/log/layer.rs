//! The log as a layer of `tracing-subscriber`.

use std::sync::Arc;

use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, Filter};

use super::recorder::{RUN_TARGET, Recorder, TARGET};
use super::{LogLevel, line};

/// The layer that receives the events of the log, and its filter. A filter per layer is used, because
/// `Layer::enabled` would take events away from the other layers too.
pub(super) struct LogLayer(pub Arc<Recorder>);

impl LogLayer {
    /// Only our own: other libraries' events are for debugging those libraries.
    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        let ours = metadata.target().strip_prefix(TARGET);
        metadata.is_event()
            && ours.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
            && LogLevel::of(*metadata.level()) >= self.0.outputs.read().level
    }
}

impl<S> Filter<S> for LogLayer {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        self.wants(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.wants(metadata) { Interest::always() } else { Interest::never() }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.0.outputs.read().level.filter())
    }
}

impl<S: Subscriber> Layer<S> for LogLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let Self(log) = self;
        let line = log.line(LogLevel::of(*metadata.level()), line::text_of(event));
        let outputs = log.outputs.read().clone();
        if let Some(console) = outputs.console.filter(|_| metadata.target() != RUN_TARGET) {
            console(&line);
        }
        if let Some(file) = outputs.file {
            file.write(&line);
        }
        log.keep(line);
    }
}
