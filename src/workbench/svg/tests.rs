use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use super::colors::{BACKGROUND, DIM, FOREGROUND};
use super::*;

fn drawn(width: u16, draw: impl FnOnce(&mut Buffer)) -> String {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, 1));
    draw(&mut buffer);
    svg(&buffer, "")
}

/// What one row adds to an empty window.
fn row_of(symbol: &str, style: Style) -> String {
    let all = drawn(20, |buffer| buffer.set_string(1, 0, symbol, style));
    let (_, row) = all.split_once("<g ").unwrap_or_default();
    row.to_owned()
}

#[test]
fn text_and_title_are_escaped() {
    let mut buffer = Buffer::empty(Rect::new(0, 0, 60, 1));
    buffer.set_string(0, 0, "\"<&>'", Style::new());
    buffer[(6, 0)].set_symbol("\u{1b}");
    let picture = svg(&buffer, "a <b> & \"c\"\u{7}");
    assert!(picture.contains(">&quot;&lt;&amp;&gt;' \u{fffd}</text>"), "{picture}");
    assert!(picture.contains("<title>a &lt;b&gt; &amp; &quot;c&quot;\u{fffd}</title>"));
}

#[test]
fn a_run_of_one_look_is_one_element_with_a_place_for_every_glyph() {
    let row = row_of("ab c   de", Style::new());
    assert_eq!(row.matches("<text").count(), 2, "{row}");
    assert!(row.contains("<text x=\"9 18 27 36\">ab c</text>"), "{row}");
    assert!(row.contains("<text x=\"72 81\">de</text>"), "{row}");
}

#[test]
fn another_look_is_another_element() {
    let picture = drawn(9, |buffer| {
        buffer.set_string(0, 0, "a", Style::new().red().bold());
        buffer.set_string(1, 0, "b", Style::new().red().italic());
    });
    assert!(picture.contains("<text x=\"0\" fill=\"#f26d78\" font-weight=\"bold\">a</text>"));
    assert!(picture.contains("<text x=\"9\" fill=\"#f26d78\" font-style=\"italic\">b</text>"));
}

#[test]
fn equal_backgrounds_are_one_rectangle_and_the_default_one_is_none() {
    let row = row_of("ab c", Style::new().bg(Color::Rgb(1, 2, 3)));
    assert!(row.contains("<path d=\"M9 -14h36v19h-36z\" fill=\"#010203\""), "{row}");
    assert!(!row_of("ab c", Style::new()).contains("<path"));
}

#[test]
fn reversed_swaps_dim_fades_and_hidden_hides() {
    let reversed = row_of("a", Style::new().reversed());
    assert!(reversed.contains(&format!("fill=\"{FOREGROUND}\" shape")), "{reversed}");
    assert!(reversed.contains(&format!("fill=\"{BACKGROUND}\">a<")), "{reversed}");
    let dim = FOREGROUND.mixed(BACKGROUND, DIM);
    assert!(row_of("a", Style::new().dim()).contains(&format!("fill=\"{dim}\">a<")));
    assert!(row_of("a", Style::new().hidden()).is_empty());
}

#[test]
fn underlines_are_lines_across_gaps() {
    let row = row_of("a b", Style::new().underlined());
    assert!(row.contains("<path d=\"M9 2.5H36\""), "{row}");
}

#[test]
fn a_border_corner_is_a_shape_and_not_text() {
    for corner in ["╭", "┌", "┏", "╔"] {
        let row = row_of(corner, Style::new());
        assert!(row.contains("<path") && !row.contains("<text"), "{corner}: {row}");
    }
    // The line of a rounded corner leaves the cell where that of its neighbour enters.
    assert!(row_of("╭─", Style::new()).contains("d=\"M18 -4.5Q13.5 -4.5 13.5 0V5M18 -4.5H27\""));
}

#[test]
fn every_line_and_bar_is_a_shape_and_what_is_no_shape_is_text() {
    let dashed = ('┄'..='┋').chain('╌'..='╏').chain('╱'..='╳');
    let others =
        dashed.chain(['▀', '▐', '░', '▒', '▓', '▔', '▕']).chain('▖'..='▟').chain('⠁'..='⣿');
    let others: Vec<char> = others.chain(['→', '▾', '✱', 'é', '\u{10ffff}']).collect();
    let shapes = ('\u{2500}'..='\u{258f}').filter(|glyph| !others.contains(glyph));
    for (glyph, is_shape) in
        shapes.map(|glyph| (glyph, true)).chain(others.iter().map(|glyph| (*glyph, false)))
    {
        let row = row_of(&glyph.to_string(), Style::new());
        assert_eq!(row.contains("<path"), is_shape, "{glyph}: {row}");
        assert_eq!(row.contains(&format!(">{glyph}</text>")), !is_shape, "{glyph}: {row}");
    }
}

#[test]
fn equal_neighbours_are_one_long_shape() {
    assert!(row_of("────", Style::new()).contains("d=\"M9 -4.5H45\""));
    assert!(row_of("████", Style::new()).contains("d=\"M9 -14h36v19h-36z\""));
}

#[test]
fn eighths_have_their_length() {
    assert!(row_of("▂", Style::new()).contains("d=\"M9 0.25h9v4.75h-9z\""));
    assert!(row_of("▎", Style::new()).contains("d=\"M9 -14h2.25v19h-2.25z\""));
}

#[test]
fn a_wide_character_takes_two_cells_and_moves_nothing() {
    let row = row_of("日x", Style::new().on_blue());
    assert!(row.contains("d=\"M9 -14h27v19"), "{row}");
    assert!(row.contains("<text x=\"18\" text-anchor=\"middle\">日</text>"), "{row}");
    assert!(row.contains("<text x=\"27\">x</text>"), "{row}");
}

#[test]
fn the_same_buffer_gives_the_same_bytes_wherever_its_area_begins() {
    let picture = |x, y| {
        let mut buffer = Buffer::empty(Rect::new(x, y, 30, 4));
        buffer.set_string(x, y + 1, "┌─┐ ⣿ 日 text", Style::new().cyan());
        svg(&buffer, "title")
    };
    assert_eq!(picture(0, 0), picture(0, 0));
    assert_eq!(picture(0, 0), picture(7, 3));
}

#[test]
fn rows_that_show_nothing_are_left_out() {
    assert!(!svg(&Buffer::empty(Rect::new(0, 0, 10, 5)), "t").contains("<g"));
}

#[test]
fn no_size_panics_and_a_long_title_is_shortened() {
    for (width, height) in [(0, 0), (1, 1), (20, 1), (24, 2), (200, 1)] {
        let picture = svg(&Buffer::empty(Rect::new(0, 0, width, height)), &"t".repeat(99));
        assert!(picture.ends_with("</svg>\n"));
        assert_eq!(picture.contains('…'), (21..119).contains(&width));
    }
}

#[test]
fn a_wide_character_cut_by_the_edge_stays_inside() {
    let mut buffer = Buffer::empty(Rect::new(0, 0, 2, 1));
    buffer[(1, 0)].set_symbol("日").set_bg(Color::Red);
    assert!(svg(&buffer, "").contains("d=\"M9 -14h9v19h-9z\""));
}

#[test]
fn an_animation_has_each_row_once_for_the_time_in_which_it_is_shown() {
    use std::time::Duration;

    let scene = |second: &str, milliseconds| {
        let mut screen = Buffer::empty(Rect::new(0, 0, 20, 3));
        screen.set_string(0, 0, "always", Style::new());
        screen.set_string(0, 2, second, Style::new());
        Scene { screen, time: Duration::from_millis(milliseconds) }
    };
    let scenes = [scene("one", 1_000), scene("two", 500), scene("two", 500), scene("three", 2_000)];
    let picture = animation(&scenes, "");
    let group = |class: &str, text: &str| {
        let places: Vec<_> = picture.split("<g").filter(|group| group.contains(text)).collect();
        assert_eq!(places.len(), 1, "{text}");
        assert!(places[0].starts_with(class), "{text}: {}", places[0]);
    };
    group(" transform", ">always<");
    group(" class=\"s s0-1\" transform", ">one<");
    group(" class=\"s s1-3\" transform", ">two<");
    // The last screen stays where nothing moves.
    group(" class=\"s s3-4 z\" transform", ">three<");
    assert!(picture.contains("animation:4s step-end infinite"), "{picture}");
    assert!(picture.contains("s0-1{0.000%{visibility:visible}25.000%{visibility:hidden}}"));
    let shown = "0%{visibility:hidden}25.000%{visibility:visible}50.000%{visibility:hidden}";
    assert!(picture.contains(&format!("@keyframes s1-3{{{shown}}}")));
    assert!(picture.contains("s3-4{0%{visibility:hidden}50.000%{visibility:visible}}"));
    assert_eq!(animation(&scenes, ""), picture);
    assert_eq!(animation(&[], ""), "");
}
