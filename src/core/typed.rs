//! What is typed in the input pane, and the bytes that it means.
//!
//! ```text
//! a 10            as the application's typed form says
//! a 10 x1000      a thousand times
//! 0x 00 00 00 05  raw bytes: a whole frame, or anything else on purpose
//! ```

use bytes::Bytes;

use super::figures::counted;
use super::frames::preview::shortened;
use super::frames::wrapping::Wrapping;
use super::guard::guarded;
use super::text::hex_digit;
use super::topology::SourcePlan;
use crate::application::TypedForm;

/// The max number of repetitions of one line.
const MAX_REPETITIONS: usize = 1_000_000;

/// The max number of bytes of one line, and of lines that are pasted together.
pub(crate) const MAX_BYTES_TOGETHER: usize = 64 * 1024 * 1024;

/// What a line means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// Nothing is typed.
    Nothing,
    /// Frames, ready to be sent.
    Frames {
        /// One frame, header and payload.
        frame: Bytes,
        /// What it has around its payload.
        wrapping: Wrapping,
        /// How often it is to be sent.
        times: usize,
    },
    /// Raw bytes, ready to be sent.
    Raw {
        /// The bytes.
        bytes: Bytes,
        /// What will become of them.
        note: String,
        /// Whether they are whole frames.
        whole: bool,
        /// How often they are to be sent.
        times: usize,
    },
    /// A line that means nothing, and why.
    Wrong {
        /// Why.
        reason: String,
        /// The line's own bytes as a frame, to be sent on purpose.
        anyway: Option<Bytes>,
    },
}

/// Reads a line for a source whose payloads have at most `limit` bytes.
pub fn read(line: &str, source: &SourcePlan, limit: u64) -> Typed {
    let line = line.trim();
    if line.is_empty() {
        return Typed::Nothing;
    }
    let (line, times) = match repetitions(line) {
        Ok(split) => split,
        Err(reason) => return Typed::Wrong { reason, anyway: None },
    };
    let typed = match line.strip_prefix("0x").or_else(|| line.strip_prefix("0X")) {
        Some(digits) => raw(digits, times, source, limit),
        None => formed(line, times, source),
    };
    let length = match &typed {
        Typed::Frames { frame, .. } => frame.len(),
        Typed::Raw { bytes, .. } => bytes.len(),
        Typed::Nothing | Typed::Wrong { .. } => 0,
    };
    if length.saturating_mul(times) > MAX_BYTES_TOGETHER {
        let reason =
            format!("{times} times {length} bytes are more than {MAX_BYTES_TOGETHER} at once");
        return Typed::Wrong { reason, anyway: None };
    }
    typed
}

/// Splits `a 10 x1000` into `a 10` and 1000.
fn repetitions(line: &str) -> Result<(&str, usize), String> {
    let Some((rest, last)) = line.rsplit_once(char::is_whitespace) else { return Ok((line, 1)) };
    let Some(digits) = last.strip_prefix('x') else { return Ok((line, 1)) };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok((line, 1));
    }
    match digits.parse() {
        Ok(times @ 1..=MAX_REPETITIONS) => Ok((rest.trim_end(), times)),
        _ => Err(format!("{last}: a line can be sent 1 to {MAX_REPETITIONS} times")),
    }
}

fn formed(line: &str, times: usize, source: &SourcePlan) -> Typed {
    let payload = match &source.typed {
        Some(form) => payload(form, line),
        None if source.is_typed_as_it_is() => Ok(line.as_bytes().to_vec()),
        None => {
            Err("this application has no typed form: type raw bytes, as 0x 00 01 ..".to_owned())
        }
    };
    let framed = |payload: &[u8]| source.framing.frame(payload).map(Bytes::from);
    match payload {
        // A reason may quote the whole line.
        Err(reason) => {
            Typed::Wrong { reason: shortened(reason), anyway: framed(line.as_bytes()).ok() }
        }
        Ok(payload) => match framed(&payload) {
            Err(error) => Typed::Wrong { reason: error.to_string(), anyway: None },
            Ok(frame) => Typed::Frames { frame, wrapping: source.framing.wrapping(), times },
        },
    }
}

/// The payload of what was typed, whatever the author's code does.
///
/// # Errors
///
/// What is wrong with the text, or with which words the author's code panicked.
pub(crate) fn payload(form: &TypedForm, text: &str) -> Result<Vec<u8>, String> {
    guarded(|| Ok(form.parse(text)))
        .map_err(|panic| format!("the source's typed form {panic}"))?
        .map_err(|reason| reason.as_str().to_owned())
}

fn raw(digits: &str, times: usize, source: &SourcePlan, limit: u64) -> Typed {
    let bytes = match bytes_of(digits) {
        Ok(bytes) => bytes,
        Err(reason) => return Typed::Wrong { reason, anyway: None },
    };
    let mut ends = Vec::new();
    let cut = source.framing.cut(&bytes, 0, limit, usize::MAX, &mut ends);
    let whole = ends.last().map_or(0, |end| *end as usize);
    let rest = bytes.get(whole..).unwrap_or_default();
    let last = cut.and_then(|()| source.framing.is_last(rest, limit));
    let frame_count = ends.len() + usize::from(last == Ok(true));
    let left = rest.len();
    let frames = match frame_count {
        0 => String::new(),
        frames => counted(frames as u64, "frame"),
    };
    let rest = match last {
        Err(error) => error.to_string(),
        Ok(false) if left > 0 => {
            let are = if left == 1 { "is" } else { "are" };
            format!("{} {are} not a whole frame", counted(left as u64, "byte"))
        }
        Ok(_) => String::new(),
    };
    let note = [frames, rest.clone()].into_iter().filter(|part| !part.is_empty());
    let note = note.collect::<Vec<_>>().join(", then ");
    Typed::Raw { bytes: bytes.into(), note, whole: rest.is_empty(), times }
}

/// The bytes of pairs of hexadecimal digits; spaces between pairs are passed over.
fn bytes_of(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut first = None;
    for character in text.chars().filter(|character| !character.is_whitespace()) {
        let Some(digit) = hex_digit(character) else {
            return Err(format!("`{character}` is no hexadecimal digit"));
        };
        match first.take() {
            None => first = Some(digit),
            Some(first) => bytes.push(first << 4 | digit),
        }
    }
    match (first, bytes.is_empty()) {
        (Some(_), _) => Err("the last byte has one digit: a byte has two".to_owned()),
        (None, true) => {
            Err("hexadecimal digits are missing, as in 0x 00 00 00 05 61 00 00 00 0a".to_owned())
        }
        (None, false) => Ok(bytes),
    }
}
