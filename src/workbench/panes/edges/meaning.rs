//! What is typed, as bytes and as what Enter will do.

use ratatui::text::{Line, Span};

use super::ahead::{failed, fitting, sentence};
use crate::core::foresight::{Foresight, FrameField};
use crate::core::frames::dead_letter::Cause;
use crate::core::typed::Typed;
use crate::workbench::state::Workbench;
use crate::workbench::theme::Theme;
use crate::workbench::words;

/// How many bytes of a frame are shown at most.
const MOST_BYTES: usize = 32;

/// Which key sends what is wrong: it stands first, so that a narrow screen shows it.
fn anyway(theme: Theme) -> [Span<'static>; 2] {
    [Span::styled("Ctrl-X", theme.key()), Span::styled(" sends it anyway   ", theme.quiet())]
}

/// What Enter will do, or what is wrong with the line; a notice goes first.
pub(super) fn meaning(workbench: &Workbench, width: usize) -> Line<'static> {
    let theme = workbench.theme;
    let typed = workbench.typed();
    if let Some(notice) = workbench.notices.shown() {
        let style = if notice.bad { theme.bad() } else { theme.good() };
        let text = Span::styled(notice.text.clone(), style);
        let wrong = matches!(*typed, Typed::Wrong { anyway: Some(_), .. });
        let key = wrong.then(|| anyway(theme)).into_iter().flatten();
        return fitting(theme, [key.chain([text]).collect::<Line<'_>>()], width);
    }
    let foresight = workbench.foreseen(workbench.input.revision());
    match &*typed {
        Typed::Nothing => {
            let line = workbench.target().is_some_and(|(_, source)| source.is_typed_as_it_is());
            let line = if line { "a line is sent as it is   " } else { "" };
            Line::styled(
                format!("{line}0x.. raw bytes   x1000 repeats   Up history"),
                theme.quiet(),
            )
        }
        Typed::Frames { times, .. } => match foresight {
            Some(foresight) => {
                let subject = Some(subject(workbench));
                sentence(workbench, foresight, subject, *times, width)
            }
            None => waits(theme),
        },
        Typed::Raw { note, whole, times, .. } => {
            let Some(foresight) = foresight else { return waits(theme) };
            let failure = foresight.failure.as_ref();
            let alone = failure.is_some_and(|letter| letter.cause == Cause::Framing);
            // One frame, or no frame at all: the sentence says all of it.
            if alone || note == "1 frame" {
                return sentence(workbench, foresight, None, *times, width);
            }
            let style = if *whole { theme.quiet() } else { theme.warning() };
            let note = Span::styled(format!("{note}: "), style);
            let rest = width.saturating_sub(note.width());
            let mut line = sentence(workbench, foresight, None, *times, rest);
            line.spans.insert(0, note);
            line
        }
        Typed::Wrong { reason, anyway: frame } => {
            let key = frame.as_ref().map(|_| anyway(theme)).into_iter().flatten();
            let reason = Span::styled(reason.clone(), theme.warning());
            fitting(theme, [key.chain([reason]).collect::<Line<'_>>()], width)
        }
    }
}

/// What stands in the place of an answer until it is known.
fn waits(theme: Theme) -> Line<'static> {
    Line::styled(theme.symbol("…", ".."), theme.quiet())
}

/// What is typed, with the name of its type if the author made one for it.
fn subject(workbench: &Workbench) -> String {
    const PLAIN: [&str; 4] = ["String", "Vec", "Box", "Bytes"];
    let text = workbench.input.shown(MOST_BYTES).text;
    let name = workbench.target().map(|(_, source)| source.message.as_str()).unwrap_or_default();
    let own = name.starts_with(char::is_uppercase) && !PLAIN.contains(&name);
    if own { format!("{name} {}", text.trim()) } else { text.trim().to_owned() }
}

/// The bytes of what is typed under the names of their fields; what a decoder says of a wrong line. As much as
/// fits the columns, and nothing if they are too few.
pub(super) fn bytes(workbench: &Workbench, width: usize) -> Option<Line<'static>> {
    let theme = workbench.theme;
    let foresight = workbench.foreseen(workbench.input.revision());
    let (bytes, header) = match &*workbench.typed() {
        Typed::Frames { frame, wrapping, .. } => (frame.clone(), wrapping.payload(frame).start),
        Typed::Raw { bytes, .. } => {
            let wrapping = workbench.target().map(|(_, source)| source.framing.wrapping());
            let header = wrapping.map_or(0, |wrapping| wrapping.payload(bytes).start);
            (bytes.clone(), header)
        }
        Typed::Wrong { .. } => {
            let letter = foresight?.failure.as_ref()?;
            let line = Line::styled(failed(letter), theme.bad());
            return (line.width() <= width).then_some(line);
        }
        Typed::Nothing => return None,
    };
    let fields = fields(foresight, bytes.len(), header);
    let most = [MOST_BYTES, 16, 9, 6];
    let lines = most
        .into_iter()
        .flat_map(|most| [true, false].map(|named| of_fields(theme, &bytes, &fields, most, named)));
    lines.into_iter().find(|line| line.width() <= width)
}

/// The fields of the bytes, as far as they are known: the header and the rest at least.
fn fields(foresight: Option<&Foresight>, length: usize, header: usize) -> Vec<FrameField> {
    let known = foresight.map(|foresight| foresight.fields.clone()).unwrap_or_default();
    let mut fields = if known.is_empty() && header > 0 {
        vec![FrameField { name: "length".to_owned(), bytes: 0..header.min(length) }]
    } else {
        known
    };
    let end = fields.last().map_or(0, |last| last.bytes.end);
    if end < length {
        fields.push(FrameField { name: String::new(), bytes: end..length });
    }
    fields
}

/// `length 00 00 00 05 │ letter 61 │ votes 00 00 00 0a`, of so many bytes at most.
fn of_fields(
    theme: Theme,
    bytes: &[u8],
    fields: &[FrameField],
    most: usize,
    named: bool,
) -> Line<'static> {
    let bar = theme.symbol(" │ ", " | ");
    let mut line = Line::default();
    for (at, field) in fields.iter().enumerate().filter(|(_, field)| field.bytes.start < most) {
        if at > 0 {
            line.push_span(Span::styled(bar, theme.quiet()));
        }
        if named && !field.name.is_empty() {
            line.push_span(Span::styled(format!("{} ", field.name), theme.quiet()));
        }
        let shown = field.bytes.start..field.bytes.end.min(most);
        let is_header = at == 0 && field.name == "length";
        let style = if is_header { theme.second_bar() } else { theme.good() };
        let hex = words::hex(bytes.get(shown).unwrap_or_default());
        line.push_span(Span::styled(hex, style));
    }
    if bytes.len() > most {
        let more = format!(" .. {}", words::counted(bytes.len() as u64, "byte"));
        line.push_span(Span::styled(more, theme.quiet()));
    }
    line
}
