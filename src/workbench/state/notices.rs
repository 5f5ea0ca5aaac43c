//! Short messages at the foot of the screen: each stays long enough to be read, and is in the log.

use std::time::{Duration, Instant};

use super::effect::Notice;

/// How long a notice stays at least, whatever is pressed.
pub const LEAST: Duration = Duration::from_secs(2);

/// The notice that is shown, and those that are not in the log yet.
#[derive(Debug, Default)]
pub struct Notices {
    shown: Option<Notice>,
    /// Whether it is about the typed line: then it goes when that changes.
    of_line: bool,
    /// Until when it stays, whatever is pressed; `None` until the time is told.
    until: Option<Instant>,
    /// Whether it goes as soon as it may.
    leaving: bool,
    /// The time that was told last.
    now: Option<Instant>,
    /// What the log has to get.
    said: Vec<String>,
}

impl Notices {
    /// The notice that is shown.
    #[must_use]
    pub fn shown(&self) -> Option<&Notice> {
        self.shown.as_ref()
    }

    /// Shows a notice, which goes into the log too: once, however often it is said while it is shown.
    pub fn say(&mut self, notice: Notice) {
        if self.shown.as_ref() != Some(&notice) {
            self.said.push(notice.text.clone());
        }
        self.show(notice);
    }

    /// Shows a notice of what the log says in other words.
    pub fn show(&mut self, notice: Notice) {
        self.shown = Some(notice);
        (self.of_line, self.until, self.leaving) = (false, None, false);
    }

    /// Puts a line into the log, and shows nothing.
    pub fn log(&mut self, text: String) {
        self.said.push(text);
    }

    /// Says what is wrong with the typed line, until it changes.
    pub fn say_of_line(&mut self, notice: Notice) {
        self.say(notice);
        self.of_line = true;
    }

    /// The typed line has changed.
    pub fn line_changed(&mut self) {
        if self.of_line {
            self.shown = None;
        }
    }

    /// A key was pressed: the notice goes now, or when it was shown long enough.
    pub fn key(&mut self) {
        match (self.until, self.now) {
            (Some(until), Some(now)) if now < until => self.leaving = true,
            _ => self.shown = None,
        }
    }

    /// Tells the time. True if the notice goes.
    pub fn pass(&mut self, now: Instant) -> bool {
        self.now = Some(now);
        if self.shown.is_none() {
            return false;
        }
        let until = *self.until.get_or_insert(now + LEAST);
        let goes = self.leaving && now >= until;
        if goes {
            self.shown = None;
        }
        goes
    }

    /// How long until the notice goes; `None` if it stays until a key.
    #[must_use]
    pub fn next(&self) -> Option<Duration> {
        let leaves = self.shown.is_some() && self.leaving;
        let left = || Some(self.until?.saturating_duration_since(self.now?));
        leaves.then(left).flatten()
    }

    /// Takes what the log has to get.
    pub fn take_said(&mut self) -> Vec<String> {
        std::mem::take(&mut self.said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(text: &str) -> Notice {
        Notice { text: text.to_owned(), bad: false }
    }

    #[test]
    fn a_key_takes_a_notice_away_but_not_before_it_could_be_read() {
        let (mut notices, start) = (Notices::default(), Instant::now());
        notices.pass(start);
        notices.say(notice("saved"));
        assert!(!notices.pass(start));
        notices.key();
        assert!(notices.shown().is_some());
        assert_eq!(notices.next(), Some(LEAST));
        assert!(!notices.pass(start + LEAST / 2));
        assert!(notices.pass(start + LEAST));
        assert!(notices.shown().is_none() && notices.next().is_none());
        // Without a key it stays, and a key after that time takes it away at once.
        notices.say(notice("copied"));
        notices.pass(start + LEAST);
        assert!(!notices.pass(start + 9 * LEAST));
        assert_eq!(notices.next(), None);
        notices.key();
        assert!(notices.shown().is_none());
    }

    #[test]
    fn a_newer_notice_has_its_own_time() {
        let (mut notices, start) = (Notices::default(), Instant::now());
        notices.say(notice("one"));
        notices.pass(start);
        notices.key();
        notices.say(notice("two"));
        notices.pass(start + LEAST / 2);
        assert!(!notices.pass(start + 2 * LEAST));
        assert_eq!(notices.shown().map(|notice| &*notice.text), Some("two"));
    }

    #[test]
    fn what_is_wrong_with_a_line_goes_with_the_line() {
        let (mut notices, start) = (Notices::default(), Instant::now());
        notices.say_of_line(notice("no number"));
        notices.pass(start);
        notices.key();
        notices.line_changed();
        assert!(notices.shown().is_none());
        notices.say(notice("paused"));
        notices.line_changed();
        assert!(notices.shown().is_some());
    }

    #[test]
    fn the_log_gets_each_once() {
        let mut notices = Notices::default();
        notices.say(notice("one"));
        notices.say(notice("one"));
        notices.say(notice("two"));
        notices.show(notice("three"));
        assert_eq!(notices.take_said(), ["one", "two"]);
        assert!(notices.take_said().is_empty());
    }
}
