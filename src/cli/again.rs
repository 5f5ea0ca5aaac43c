//! A run that has lost a process begins again by itself.

use std::os::unix::process::CommandExt;
use std::thread;
use std::time::{Duration, Instant};

use super::failure::Failure;
use super::progress::line::say_last;
use super::setup::program::this_program;
use crate::core::frames::preview::one_line;

/// How long a run has lasted that is not one of many that fail at once.
const LASTING: Duration = Duration::from_secs(10);

/// How long to wait before the next start, if the last one was long ago and if not.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(500)];

/// Becomes the program as it was started, with the same process id, and says why. All descriptors are closed by that, and
/// with them the files, the locks and the connections, just as by a kill. `since` is when this process began.
///
/// Returns only if that cannot be.
pub(super) fn begin_again(why: &str, since: Instant) -> Failure {
    let said = one_line(&format!("{why}: beginning again")).into_owned();
    crate::telemetry::log_failure(&said);
    say_last(said);
    let [usual, often] = PAUSES;
    thread::sleep(if since.elapsed() < LASTING { often } else { usual });
    let error = this_program().args(std::env::args_os().skip(1)).exec();
    Failure::Failed(format!("{why}; and it cannot begin again: {error}"))
}
