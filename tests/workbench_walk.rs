//! Keys, pastes, clicks and changes of size at random: the workbench never panics, and never draws outside
//! its area. `WALK_STEPS` is how many steps each walk has.

#![cfg(feature = "workbench")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test may fail where the test itself may"
)]

#[path = "../apps/alphabet/mod.rs"]
#[expect(dead_code, reason = "a part of it is for the command line")]
mod alphabet;
mod support;

use std::sync::Arc;

use crossterm::event::{
    Event, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use support::fragile::fragile;
use wallaroo::core::numbers::PipelineIndex;
use wallaroo::core::replay::memory::RecordedInMemory;
use wallaroo::resilience::ResilienceSettings;
use wallaroo::runtime::Settings;
use wallaroo::session::Session;
use wallaroo::session::orders::Order;
use wallaroo::session::past::RECORDED;
use wallaroo::workbench::{Effect, Keymap, Theme, Workbench};
use wallaroo::{Generator, Topology};

/// How many steps a walk has, unless somebody has time for more.
const STEPS: u64 = 300;

/// Whole numbers from a seed, and steps made of them.
struct Walk {
    generator: Generator,
    area: Rect,
}

impl Walk {
    fn below(&mut self, bound: u64) -> u64 {
        self.generator.below(bound)
    }

    fn small(&mut self, bound: u16) -> u16 {
        u16::try_from(self.below(u64::from(bound))).unwrap()
    }

    fn one_of<T: Copy>(&mut self, among: &[T]) -> T {
        let place = usize::try_from(self.below(among.len() as u64)).unwrap();
        among[place]
    }

    /// A character that somebody may type, or send to do harm.
    fn character(&mut self) -> char {
        const ODD: [char; 14] = [
            'é',
            '漢',
            '\u{1f469}',
            '\u{200d}',
            '\u{301}',
            '\u{202e}',
            '\0',
            '\u{1b}',
            '\u{9b}',
            '\u{7f}',
            '\t',
            '\n',
            '\r',
            '\u{feff}',
        ];
        match self.below(8) {
            0 => self.one_of(&ODD),
            1 => self.one_of(&['x', '\\', '#', '!', '0', ' ']),
            _ => char::from(u8::try_from(u64::from(b' ') + self.below(95)).unwrap()),
        }
    }

    fn key(&mut self) -> Event {
        const SPECIAL: [KeyCode; 19] = [
            KeyCode::Enter,
            KeyCode::Esc,
            KeyCode::Tab,
            KeyCode::BackTab,
            KeyCode::Backspace,
            KeyCode::Delete,
            KeyCode::Insert,
            KeyCode::Up,
            KeyCode::Down,
            KeyCode::Left,
            KeyCode::Right,
            KeyCode::Home,
            KeyCode::End,
            KeyCode::PageUp,
            KeyCode::PageDown,
            KeyCode::F(1),
            KeyCode::F(5),
            KeyCode::Null,
            KeyCode::CapsLock,
        ];
        const WITH: [KeyModifiers; 6] = [
            KeyModifiers::NONE,
            KeyModifiers::NONE,
            KeyModifiers::NONE,
            KeyModifiers::SHIFT,
            KeyModifiers::CONTROL,
            KeyModifiers::ALT,
        ];
        let code = match self.below(2) {
            0 => self.one_of(&SPECIAL),
            _ => KeyCode::Char(self.character()),
        };
        Event::Key(KeyEvent::new(code, self.one_of(&WITH)))
    }

    fn paste(&mut self) -> Event {
        let length = self.one_of(&[0, 1, 7, 60, 900]);
        Event::Paste((0..length).map(|_| self.character()).collect())
    }

    /// Also outside the area, as after a change of size that the program has not heard of.
    fn mouse(&mut self) -> Event {
        let kind = self.one_of(&[
            MouseEventKind::Down(MouseButton::Left),
            MouseEventKind::Up(MouseButton::Left),
            MouseEventKind::Drag(MouseButton::Left),
            MouseEventKind::Down(MouseButton::Right),
            MouseEventKind::ScrollUp,
            MouseEventKind::ScrollDown,
            MouseEventKind::Moved,
        ]);
        let (column, row) = (self.small(250), self.small(90));
        Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
    }

    fn size(&mut self) -> Rect {
        let (width, height) = match self.below(4) {
            0 => (self.small(30), self.small(12)),
            1 => (60 + self.small(40), 15 + self.small(20)),
            2 => (120, 40),
            _ => (self.small(240), self.small(80)),
        };
        Rect::new(0, 0, width, height)
    }

    fn step(&mut self) -> Event {
        match self.below(20) {
            0 => {
                self.area = self.size();
                Event::Resize(self.area.width, self.area.height)
            }
            1 => self.paste(),
            2 | 3 => self.mouse(),
            4 => self.one_of_focus(),
            _ => self.key(),
        }
    }

    fn one_of_focus(&mut self) -> Event {
        if self.below(2) == 0 { Event::FocusGained } else { Event::FocusLost }
    }
}

/// Draws the workbench into a buffer of this area alone, which panics where anything is drawn outside.
fn draw(workbench: &Workbench, area: Rect, step: u64) {
    let mut buffer = Buffer::empty(area);
    let cursor = workbench.draw(area, &mut buffer);
    assert!(cursor.is_none_or(|cursor| area.contains(cursor)), "step {step}: {cursor:?}");
}

/// Does what a workbench asks for, as far as one engine lasts.
fn obey(session: &mut Session, workbench: &mut Workbench, effect: Option<Effect>) {
    // What the terminal, the files and other applications are asked for is left out.
    let order = match effect {
        Some(Effect::Order(order)) => order,
        Some(Effect::Travel(travel)) => return session.travel(travel),
        _ => return,
    };
    match order {
        // What does not fit is refused.
        Order::Inject(pipeline, bytes) => drop(session.engine().inject(pipeline, bytes)),
        Order::PauseOrResume => session.engine().pause(),
        Order::Step => session.engine().resume(),
        Order::Crash => workbench.crash(),
        Order::Reset => workbench.begun_anew(session.snapshot()),
        // Slowly, because a walk is no storm.
        Order::Load(settings) => drop(session.load(settings.at_rate(100))),
        Order::StopLoad => session.stop_load(),
        Order::Revive { key, .. } => workbench.revived(&key, None),
        order @ (Order::Breakpoint(_)
        | Order::Held(_)
        | Order::WhatIf(_)
        | Order::EndWhatIf
        | Order::Undo
        | Order::Shrink(_)
        | Order::EndShrink
        | Order::Test(_)) => drop(session.obey(order)),
        Order::Pin(_) | Order::ChangeWorkers { .. } | Order::Kill(_) => {}
    }
}

/// A walk from this seed through a workbench of this application.
fn walk(topology: Topology, theme: Theme, seed: u64) {
    let topology = Arc::new(topology);
    let saved = tempfile::tempdir().unwrap();
    let settings = Settings {
        workers: 2.try_into().unwrap(),
        injectable: true,
        resilience: Some(ResilienceSettings::new(saved.path().to_owned())),
        recorded: Some(Arc::new(RecordedInMemory::new(RECORDED))),
        ..Settings::new(&topology)
    };
    let mut session = Session::start(Arc::clone(&topology), &settings, None).unwrap();
    // Something to be seen from the first step on, and what is no message.
    session
        .engine()
        .inject(PipelineIndex(0), b"\0\0\0\x05a\0\0\0\x01\0\0\0\x02no".as_slice().into())
        .unwrap();
    let mut workbench = Workbench::new(Arc::clone(&topology), theme, session.snapshot())
        .with_hands(Keymap::default(), true);
    let mut walk = Walk { generator: Generator::new(seed, 0.0), area: Rect::new(0, 0, 100, 30) };
    workbench.resize(walk.area);
    let steps = std::env::var("WALK_STEPS").map_or(STEPS, |steps| steps.parse().unwrap());
    for step in 0..steps {
        let event = walk.step();
        let effect = workbench.handle(&event);
        obey(&mut session, &mut workbench, effect);
        if walk.below(4) == 0 {
            session.refresh(&workbench.view());
            workbench.show(session.snapshot());
        }
        if walk.below(4) == 0 {
            draw(&workbench, walk.area, step);
        }
        // The terminal has changed, and that has not been heard yet. Most often it is tiny: then the draw
        // costs little.
        if walk.below(3) == 0 {
            let area = match walk.below(8) {
                0 => walk.size(),
                _ => Rect::new(0, 0, walk.small(12), walk.small(12)),
            };
            draw(&workbench, area, step);
        }
    }
}

#[test]
fn nothing_that_is_pressed_pasted_clicked_or_resized_breaks_the_workbench() {
    for seed in 0..4 {
        let theme = Theme::new(seed % 2 == 0, seed < 2);
        println!("seed {seed}");
        walk(alphabet::topology(alphabet::Encoding::Text).unwrap(), theme, seed);
        walk(fragile(), theme, seed + 100);
    }
}

#[test]
fn no_size_that_the_workbench_has_not_been_told_is_drawn_outside_of() {
    let topology = Arc::new(alphabet::topology(alphabet::Encoding::Text).unwrap());
    let settings = Settings { injectable: true, ..Settings::new(&topology) };
    let session = Session::start(Arc::clone(&topology), &settings, None).unwrap();
    for (told, keys) in [((0, 0), ""), ((6, 9), ""), ((120, 40), ""), ((240, 80), "\t?")] {
        let mut workbench =
            Workbench::new(Arc::clone(&topology), Theme::new(true, true), session.snapshot());
        workbench.resize(Rect::new(0, 0, told.0, told.1));
        for key in keys.chars() {
            let code = if key == '\t' { KeyCode::Tab } else { KeyCode::Char(key) };
            drop(workbench.handle(&Event::Key(KeyEvent::new(code, KeyModifiers::NONE))));
        }
        // All that is too small for the panes, and what is just not.
        for (width, height) in
            (0..=62).flat_map(|width| (0..=19).map(move |height| (width, height)))
        {
            draw(&workbench, Rect::new(0, 0, width, height), 0);
        }
    }
}
