//! Where bytes enter and leave: files, standard input and output, TCP, `null`, injected and generated messages.
//!
//! Reading and writing are asynchronous and know nothing of workers: a source hands whole frames to
//! an [`Intake`], a sink is handed [`Output`](crate::core::steps::batch::Output)s.

mod backoff;
mod connect;
mod endpoint;
mod file;
mod open_files;
mod sinks;
mod sources;
mod stalls;

#[cfg(feature = "workbench")]
pub(crate) use backoff::Backoff;
pub(crate) use backoff::patiently;
#[cfg(feature = "workbench")]
pub(crate) use connect::connect;
pub use endpoint::{Endpoint, EndpointError};
pub use file::{FileId, claim, cut, empty, is_inside, open_to_write};
pub use open_files::{open_files, raise_open_files};
pub use sinks::sink::{OpenSink, SinkFailure, SinkTask};
pub use sinks::to_sink::ToSink;
pub(crate) use sources::budget::Budget;
pub use sources::injected::{INPUT, Injected, Injector, InputFull, read_injected};
pub use sources::intake::{Connection, Delivery, Entered, Fetch, Intake, LastNumber};
pub use sources::load::{LoadOrder, LoadProgress, Loaded, Loader, read_load};
pub use sources::source::OpenSource;
#[cfg(feature = "workbench")]
pub(crate) use sources::source::listen;
pub use sources::tcp::DEFAULT_CONNECTION_LIMIT;
