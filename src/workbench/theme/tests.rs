use super::*;

fn of(pairs: &'static [(&'static str, &'static str)]) -> Theme {
    Theme::of_environment(|name| {
        pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    })
}

#[test]
fn the_environment_is_obeyed() {
    assert!(of(&[]).has_colors() && of(&[]).unicode);
    assert!(!of(&[("NO_COLOR", "1")]).has_colors());
    assert!(of(&[("NO_COLOR", "")]).has_colors());
    assert!(!of(&[("TERM", "dumb")]).has_colors());
    assert_eq!(of(&[("TERM", "linux")]).look, Look::Sixteen);
    assert_eq!(of(&[("TERM", "xterm-256color")]).look, Look::Dark);
    assert_eq!(of(&[("TERM", "xterm-256color"), ("COLORFGBG", "0;15")]).look, Look::Light);
    assert_eq!(of(&[("TERM", "xterm-256color"), ("COLORFGBG", "15;0")]).look, Look::Dark);
    assert!(!of(&[("LANG", "C")]).unicode);
    assert!(of(&[("LC_ALL", ""), ("LANG", "de_DE.UTF-8")]).unicode);
    assert!(!of(&[("LC_ALL", "POSIX"), ("LANG", "de_DE.UTF-8")]).unicode);
}

fn roles(theme: Theme) -> Vec<Style> {
    let texts = [theme.text(), theme.quiet(), theme.title(), theme.accent(), theme.key()];
    let states = [theme.good(), theme.warning(), theme.bad(), theme.bar(), theme.second_bar()];
    texts.into_iter().chain(states).collect()
}

#[test]
fn without_colours_no_style_has_one() {
    let theme = Theme::new(false, true);
    let others = [theme.worker(3), theme.row(true), theme.border(true)];
    let styles = roles(theme).into_iter().chain(others);
    assert!(styles.into_iter().all(|style| style.fg.is_none() && style.bg.is_none()));
}

#[test]
fn no_text_has_colour_8_which_some_palettes_have_as_the_background() {
    for look in Look::ALL {
        let theme = Theme::new(true, true).with_look(look);
        let workers = (0..16).map(|worker| theme.worker(worker));
        for style in roles(theme).into_iter().chain(workers) {
            let hidden = [Some(Color::DarkGray), Some(Color::Indexed(8))];
            assert!(!hidden.contains(&style.fg), "{look}: {style:?}");
        }
    }
}

#[test]
fn no_worker_has_the_colour_of_a_role_and_neighbours_differ() {
    for look in Look::ALL.into_iter().filter(|look| *look != Look::Mono) {
        let theme = Theme::new(true, true).with_look(look);
        for worker in 0..16 {
            let color = theme.worker(worker).fg;
            assert!(roles(theme).iter().all(|role| role.fg != color), "{look}: {worker}");
            assert_ne!(color, theme.worker(worker + 1).fg, "{look}: {worker}");
        }
    }
}

#[test]
fn a_selected_row_has_one_background_and_a_mark() {
    for look in Look::ALL {
        let theme = Theme::new(true, true).with_look(look);
        let area = Rect::new(0, 0, 8, 1);
        let mut buffer = Buffer::empty(area);
        buffer.set_string(1, 0, "ab", theme.bad());
        buffer.set_string(4, 0, "cd", theme.good());
        theme.select(area, &mut buffer);
        let grounds = buffer.content.iter().map(|cell| {
            let reversed = cell.modifier.contains(Modifier::REVERSED);
            (if reversed { cell.fg } else { cell.bg }, reversed)
        });
        let grounds: Vec<_> = grounds.skip(1).collect();
        assert!(grounds.iter().all(|ground| *ground == grounds[0]), "{look}: {grounds:?}");
        assert_eq!(buffer[(0, 0)].symbol(), "▌");
    }
}

#[test]
fn a_bar_never_shows_something_as_nothing() {
    let theme = Theme::new(true, true);
    assert_eq!(theme.horizontal_bar(0.0, 8), "");
    assert_eq!(theme.horizontal_bar(0.0001, 8), "╸");
    assert_eq!(theme.horizontal_bar(0.5, 3), "━╸");
    assert_eq!(theme.horizontal_bar(2.0, 3), "━━━");
    assert_eq!(Theme::new(true, false).horizontal_bar(0.5, 3), "==");
}

#[test]
fn a_text_is_cut_to_its_columns() {
    let theme = Theme::new(true, true);
    assert_eq!(theme.fit("abc", 3), "abc");
    assert_eq!(theme.fit("abcd", 3), "ab…");
    assert_eq!(theme.fit("日本語", 5), "日本…");
    assert_eq!(theme.fit("日本語", 4), "日…");
    assert_eq!(theme.fit("abc", 0), "");
}
