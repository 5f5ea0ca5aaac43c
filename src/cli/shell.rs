//! `completions`, `man` and `config`: texts that are printed.

use std::io::{self, Write};

use super::app::App;
use super::arguments::{CompletionsArguments, command, run_template};
use super::failure::Failure;
use super::setup::files::printed;

/// The program's name in completions and in the manual.
const NAME: &str = env!("CARGO_PKG_NAME");

pub(super) fn completions(apps: &[App], arguments: &CompletionsArguments) -> Result<(), Failure> {
    // Not directly to standard output: clap panics if that is closed.
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command(apps), NAME, &mut script);
    printed(io::stdout().write_all(&script))
}

pub(super) fn manual(apps: &[App]) -> Result<(), Failure> {
    printed(clap_mangen::Man::new(command(apps).name(NAME)).render(&mut io::stdout()))
}

pub(super) fn configuration(apps: &[App]) -> Result<(), Failure> {
    let text = crate::workbench::configuration::template() + &run_template(&command(apps));
    printed(io::stdout().write_all(text.as_bytes()))
}
