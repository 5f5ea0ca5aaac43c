//! Where bytes enter and leave: files, standard input and output, TCP, nothing, and the input that a
//! program gives by hand.
//!
//! Reading and writing are asynchronous and know nothing of workers: a source hands whole frames to
//! an [`Intake`], a sink is handed [`Output`](crate::core::batch::Output)s.

mod backoff;
mod endpoint;
mod file;
mod injected;
mod intake;
mod kept;
mod open_files;
mod patience;
mod pending;
mod places;
mod receiver;
mod room;
mod seat;
mod send_queue;
mod serving;
mod sink;
mod sink_log;
mod source;
mod tcp;
mod watched;

pub use endpoint::{Endpoint, EndpointError};
pub use file::{FileId, claim, cut, empty, is_inside, open_to_write};
pub use injected::{Injected, Injector, NotInjected, read_injected};
pub use intake::{Connection, Delivery, Intake};
pub use open_files::{open_files, raise_open_files};
pub use pending::SinkOrder;
pub use sink::{OpenSink, SinkFailure};
pub use source::OpenSource;
pub(crate) use source::listen;
pub use tcp::DEFAULT_CONNECTION_LIMIT;
