//! What the workbench is opened with.

use std::sync::Arc;

use crate::core::load::settings::LoadSettings;
use crate::core::topology::Topology;
use crate::runtime::Settings;
use crate::session::asked::Asker;
use crate::telemetry::DeadLetterFile;
use crate::workbench::state::Offer;

/// An application that is ready to run.
pub struct Opening {
    /// The application.
    pub topology: Arc<Topology>,
    /// How it is run.
    pub settings: Settings,
    /// Where all dead letters go too.
    pub dead_letters: Option<DeadLetterFile>,
    /// The load that it begins with.
    pub load: Option<LoadSettings>,
}

/// Who asks for the figures of the application that is on the screen.
pub struct Served {
    /// Asks.
    pub asker: Asker,
    /// What the log says of it.
    pub said: String,
}

/// The applications that can be gone on with, which of them is the first, and how others are made ready.
pub struct Others<'a> {
    /// All of them, the first included.
    pub offers: Vec<Offer>,
    /// The place of the first.
    pub first: usize,
    /// Makes one ready, or says why it cannot be run.
    pub open: &'a mut dyn FnMut(usize) -> Result<Opening, String>,
}
