//! Screens of any size, and frames of another size than the last event reported.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{UNICODE, press, voted};

#[test]
fn it_draws_at_any_size_whatever_lies_over_it() {
    let mut stage = voted(80, 24, UNICODE);
    let open: [&[KeyCode]; 6] = [
        &[],
        &[KeyCode::F(1)],
        &[KeyCode::Esc, KeyCode::Enter],
        &[KeyCode::Esc, KeyCode::Tab, KeyCode::Enter],
        &[KeyCode::Esc, KeyCode::Char(':')],
        &[KeyCode::Esc, KeyCode::Esc, KeyCode::Char('/'), KeyCode::Char('x')],
    ];
    for keys in open {
        for code in keys {
            press(&mut stage, *code);
        }
        for width in (0..70).step_by(3).chain([59, 60, 61, 99, 100, 120, 250]) {
            for height in (0..40).step_by(2).chain([17, 33, 60, 100]) {
                let area = Rect::new(0, 0, width, height);
                stage.workbench.resize(area);
                stage.workbench.draw(area, &mut Buffer::empty(area));
            }
        }
        stage.workbench.resize(Rect::new(0, 0, 80, 24));
        press(&mut stage, KeyCode::Esc);
        press(&mut stage, KeyCode::Char('i'));
    }
}

#[test]
fn it_draws_what_fits_the_frame_whatever_size_the_last_event_told() {
    let sizes =
        [(0, 0), (1, 1), (30, 10), (59, 18), (60, 18), (80, 24), (100, 34), (120, 40), (200, 60)];
    let open: [&[KeyCode]; 4] = [
        &[],
        &[KeyCode::Esc, KeyCode::Enter],
        &[KeyCode::Esc, KeyCode::Tab, KeyCode::Char('z')],
        &[KeyCode::Char(':')],
    ];
    let mut stage = voted(80, 24, UNICODE);
    for keys in open {
        for code in keys {
            press(&mut stage, *code);
        }
        for told in sizes {
            for (width, height) in sizes {
                let told = Rect::new(0, 0, told.0, told.1);
                let frame = Rect::new(0, 0, width, height);
                stage.workbench.resize(frame);
                let (mut expected, mut found) = (Buffer::empty(frame), Buffer::empty(frame));
                let cursor = stage.workbench.draw(frame, &mut expected);
                stage.workbench.resize(told);
                assert_eq!(stage.workbench.draw(frame, &mut found), cursor);
                assert_eq!(found, expected, "told {told}, drawn into {frame}");
            }
        }
        stage.workbench.resize(Rect::new(0, 0, 80, 24));
    }
}
