//! `generate`: random messages of an application, framed.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::app::{self, App, AppOptions};
use super::arguments::GenerateArguments;
use super::failure::Failure;
use super::setup::files::cannot_write;
use crate::application::{Generate, Generator};
use crate::core::frames::framing::Framing;
use crate::endpoints::{claim, empty};

pub(super) fn generate(
    apps: &[App],
    arguments: &GenerateArguments,
    options: &AppOptions,
) -> Result<(), Failure> {
    let topology = app::find(apps, &arguments.app)?.topology(options)?;
    let plan = app::pipeline(&topology, arguments.pipeline.as_deref())?;
    let Some(make) = &plan.source.generate else {
        return Err(Failure::Failed(format!(
            "pipeline `{}` of {} has no generator",
            plan.name, arguments.app
        )));
    };
    if !(arguments.skew.is_finite() && arguments.skew >= 0.0) {
        return Err(Failure::Usage("--skew must be 0 or more".to_owned()));
    }
    let cannot = |error: io::Error| cannot_write(&arguments.out, &error);
    let writer: Box<dyn Write> = if arguments.out == Path::new("-") {
        Box::new(io::stdout().lock())
    } else {
        Box::new(open(&arguments.out).map_err(cannot)?)
    };
    let generator = Generator::new(arguments.seed, arguments.skew);
    write_frames(writer, &*plan.source.framing, make, generator, arguments.messages).map_err(cannot)
}

/// Opens what is to be written, and empties it, unless a run writes to it.
fn open(path: &Path) -> io::Result<File> {
    let file = File::options().write(true).create(true).truncate(false).open(path)?;
    claim(&file)?;
    empty(&file).map(|()| file)
}

fn write_frames(
    writer: impl Write,
    framing: &dyn Framing,
    make: &Generate,
    mut generator: Generator,
    messages: u64,
) -> io::Result<()> {
    let mut writer = BufWriter::new(writer);
    for _ in 0..messages {
        let bytes = framing.frame(&make(&mut generator)).map_err(io::Error::other)?;
        writer.write_all(&bytes)?;
    }
    writer.flush()
}
