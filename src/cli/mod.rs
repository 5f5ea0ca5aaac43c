//! The command line: from arguments to exit status.
//!
//! Each command is a file or a folder; what it does is mostly in the rest of the library.

mod again;
mod app;
mod apps;
mod arguments;
mod attach;
mod ending;
mod failure;
pub mod frame_counter;
mod generate;
mod host;
mod inspect;
mod metrics;
mod progress;
mod receive;
mod recordings;
mod run;
mod said;
mod send;
mod setup;
mod shell;
mod shrink;
mod starting;
mod workbench;

use std::process::ExitCode;

pub use app::{App, AppOptions};

use arguments::{Arguments, Command};
use failure::Failure;

use crate::core::frames::preview::one_line;

/// Runs the whole command line with these applications: the `main` of your own program.
///
/// ```no_run
/// use wallaroo::{App, Application, Out, Reason, Sink, Source};
///
/// fn main() -> std::process::ExitCode {
///     wallaroo::main([App::new("echo", "Sends every message back", |_| {
///         Application::new("echo")
///             .pipeline("echo", Source::new(|payload: &[u8]| Ok::<_, Reason>(Some(payload.to_vec()))))
///             .to_sink(Sink::new(|message: &Vec<u8>, output: &mut Out<'_>| output.bytes(message)))
///             .build()
///     })])
/// }
/// ```
pub fn main(apps: impl IntoIterator<Item = App>) -> ExitCode {
    crate::runtime::silence_caught_panics();
    // Every connection is an open file. If the limit cannot be raised, fewer connections are served, and the
    // log says so.
    let _ = crate::endpoints::raise_open_files();
    let apps: Vec<App> = apps.into_iter().collect();
    match arguments::parse(&apps).and_then(|arguments| execute(&apps, arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Answered(code)) => ExitCode::from(code),
        Err(failure) => {
            let said = failure.to_string();
            crate::telemetry::log_failure(&said);
            progress::line::say_last(
                one_line(&format!("{}: {said}", env!("CARGO_PKG_NAME"))).into_owned(),
            );
            failure.exit_code()
        }
    }
}

fn execute(apps: &[App], arguments: Arguments) -> Result<(), Failure> {
    let Arguments { command, workbench, options, configuration } = arguments;
    match command {
        None => workbench::start(apps, &workbench, &options, &configuration),
        Some(Command::Run(run)) => run::run(apps, &run, &options),
        Some(Command::Attach(attach)) => attach::attach(apps, &attach, &configuration),
        Some(Command::Status(status)) => attach::status(&status),
        Some(Command::Stop(stop)) => attach::stop(&stop),
        Some(Command::Send(send)) => send::send(apps, &send, &options),
        Some(Command::Receive(receive)) => receive::receive(&receive),
        Some(Command::Generate(generate)) => generate::generate(apps, &generate, &options),
        Some(Command::Inspect(inspect)) => inspect::inspect(&inspect),
        Some(Command::Record(record)) => recordings::record(apps, &record),
        Some(Command::Replay(replay)) => recordings::replay(apps, &replay, &options),
        Some(Command::Diff(diff)) => recordings::diff(&diff),
        Some(Command::Shrink(shrink)) => shrink::shrink(apps, &shrink, &options),
        Some(Command::Apps(list)) => apps::list(apps, &list),
        Some(Command::Config) => shell::configuration(apps),
        Some(Command::Completions(shell)) => shell::completions(apps, &shell),
        Some(Command::Man) => shell::manual(apps),
    }
}
