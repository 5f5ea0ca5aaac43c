//! What is wrong with a command line: said, and the end.

use std::ffi::OsString;
use std::io::{self, Write};

use crate::application::is_printable;
use crate::core::frames::preview::each_line;

/// Says what is wrong with the command line, or prints the help that it asks for, and ends the process.
pub(super) fn refuse(error: &clap::Error) -> ! {
    let obeyed = |argument: OsString| !argument.to_string_lossy().chars().all(is_printable);
    if error.use_stderr() && std::env::args_os().any(obeyed) {
        // Without colours: a quoted control sequence would reach the terminal just as they do.
        let _ = write!(io::stderr(), "{}", each_line(&error.render().to_string()));
        std::process::exit(error.exit_code());
    }
    error.exit()
}
