//! `apps`: the applications and their wire formats.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use serde::Serialize;

use super::app::App;
use super::arguments::AppsArguments;
use super::failure::Failure;
use super::setup::files::printed;
use crate::core::frames::preview::each_line;
use crate::core::json::escaped;

/// An application, as `apps --json` prints it.
#[derive(Serialize)]
pub(super) struct Listed {
    name: String,
    about: String,
    pipelines: Vec<ListedPipeline>,
    options: Vec<ListedOption>,
}

#[derive(Serialize)]
struct ListedPipeline {
    name: String,
    #[serde(rename = "in")]
    input: String,
    /// Whether it makes its messages itself, so that it takes no `--in`.
    generator: bool,
    example: Option<String>,
    #[serde(skip)]
    typed_as_it_is: bool,
    steps: Vec<String>,
    /// The pipeline into which it is merged: the steps behind its own, and its sinks, are that one's.
    merged_into: Option<String>,
    out: Vec<String>,
    /// Per sink, its name, if pipelines share it by one.
    sinks: Vec<Option<String>>,
}

#[derive(Serialize)]
struct ListedOption {
    name: &'static str,
    values: &'static [&'static str],
    about: &'static str,
}

pub(super) fn list(apps: &[App], arguments: &AppsArguments) -> Result<(), Failure> {
    let listed = apps.iter().map(describe).collect::<Result<Vec<_>, _>>()?;
    let text = if arguments.json {
        escaped(&serde_json::to_string_pretty(&listed).map_err(Failure::failed)?).into_owned()
    } else {
        each_line(&listed.iter().map(in_words).collect::<Vec<_>>().join("\n"))
    };
    printed(writeln!(io::stdout(), "{}", text.trim_end()))
}

/// Describes an application.
pub(super) fn describe(app: &App) -> Result<Listed, Failure> {
    let topology = app.topology(&app.default_options())?;
    let pipelines = topology.pipelines().iter().map(|plan| ListedPipeline {
        name: plan.name.to_string(),
        input: plan.source.format.clone(),
        generator: plan.source.makes_its_messages(),
        example: plan.source.typed.as_ref().map(|typed| typed.example().to_owned()),
        typed_as_it_is: plan.source.is_typed_as_it_is(),
        steps: plan.own_steps().iter().map(|step| step.name.to_string()).collect(),
        merged_into: plan.merged.and_then(|merged| {
            let into = topology.pipelines().get(merged.into.0);
            into.map(|into| into.name.to_string())
        }),
        out: plan.own_sinks().iter().map(|sink| sink.format.clone()).collect(),
        sinks: plan
            .own_sinks()
            .iter()
            .map(|sink| sink.name.as_deref().map(str::to_owned))
            .collect(),
    });
    let options = app.options.iter().map(|option| ListedOption {
        name: option.name,
        values: option.values,
        about: option.help,
    });
    Ok(Listed {
        name: app.name.to_owned(),
        about: app.about.to_owned(),
        pipelines: pipelines.collect(),
        options: options.collect(),
    })
}

fn in_words(app: &Listed) -> String {
    let indented = details(app).lines().map(|line| format!("  {line}")).collect::<Vec<_>>();
    format!("{}: {}\n{}\n", app.name, app.about, indented.join("\n"))
}

/// The pipelines, formats and options of an application, one per line.
pub(super) fn details(app: &Listed) -> String {
    let mut text = String::new();
    for pipeline in &app.pipelines {
        // Writing to a String cannot fail.
        let into = pipeline.merged_into.as_ref();
        let into = into.map(|into| format!(" -> merged into {into}")).unwrap_or_default();
        let steps = pipeline.steps.join(" -> ");
        let _ = writeln!(text, "pipeline {}: {steps}{into}", pipeline.name);
        let _ = writeln!(text, "  in   {}", pipeline.input);
        for (out, name) in pipeline.out.iter().zip(&pipeline.sinks) {
            let name = name.as_ref().map(|name| format!(" (sink {name})")).unwrap_or_default();
            let _ = writeln!(text, "  out  {out}{name}");
        }
        if let Some(example) = &pipeline.example {
            let _ = writeln!(text, "  type {example}");
        }
        if pipeline.typed_as_it_is {
            let _ = writeln!(text, "  type a line, as it is");
        }
    }
    for option in &app.options {
        let values = option.values.join("|");
        let _ = writeln!(text, "--{} {values}: {}", option.name, option.about);
    }
    text
}
