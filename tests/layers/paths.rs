//! The paths that a piece of Rust code mentions: `use` trees spread out, `self` and `super` resolved;
//! comments and texts are not looked at.

/// A path that the code mentions, from the crate (`crate::core::clock`) or from another crate
/// (`std::fs::File`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// On which line, from 1.
    pub line: usize,
    /// The path's words. The last of an import of everything (`use std::fs::*`) is left out.
    pub path: Vec<String>,
}

/// A word, `::`, or a single other character.
#[derive(Debug, PartialEq, Eq)]
struct Token<'a> {
    line: usize,
    text: &'a str,
}

impl Token<'_> {
    fn is_word(&self) -> bool {
        self.text.starts_with(|first: char| first.is_alphanumeric() || first == '_')
    }
}

/// The paths of a file that stands at this place in its crate.
pub fn mentions(code: &str, module: &[String]) -> Vec<Mention> {
    let mut reader =
        Reader { tokens: tokens(code), at: 0, module: module.to_vec(), mentions: Vec::new() };
    reader.read();
    reader.mentions
}

struct Reader<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    /// Where the code at `at` stands; inline modules included.
    module: Vec<String>,
    mentions: Vec<Mention>,
}

impl Reader<'_> {
    fn text(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", |token| token.text)
    }

    fn read(&mut self) {
        // For every open brace: whether an inline module began with it.
        let mut braces = Vec::new();
        while self.at < self.tokens.len() {
            match self.text(0) {
                "mod" if self.text(2) == "{" => {
                    self.module.push(self.text(1).to_owned());
                    braces.push(true);
                    self.at += 3;
                }
                "{" => {
                    braces.push(false);
                    self.at += 1;
                }
                "}" => {
                    if braces.pop() == Some(true) {
                        self.module.pop();
                    }
                    self.at += 1;
                }
                "use" => {
                    self.at += 1;
                    self.tree(&[]);
                }
                "extern" if self.text(1) == "crate" => {
                    self.at += 2;
                    self.tree(&[]);
                }
                // What follows `>::` or `)::` is no path from a crate.
                ">" | ")" | "]" if self.text(1) == "::" => self.at += 2,
                _ if self.tokens[self.at].is_word() && self.text(1) != "::" => self.at += 1,
                _ if self.tokens[self.at].is_word() || self.text(0) == "::" => self.tree(&[]),
                _ => self.at += 1,
            }
        }
    }

    /// Reads a path or a `use` tree whose paths begin with `before`.
    fn tree(&mut self, before: &[String]) {
        let mut path = before.to_vec();
        if before.is_empty() && self.text(0) == "::" {
            self.at += 1;
        }
        let line = self.tokens.get(self.at).map_or(0, |token| token.line);
        loop {
            match self.text(0) {
                "{" => {
                    self.at += 1;
                    while !matches!(self.text(0), "}" | "") {
                        self.tree(&path);
                        while !matches!(self.text(0), "," | "}" | "") {
                            self.at += 1;
                        }
                        if self.text(0) == "," {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                "self" if !path.is_empty() => self.at += 1,
                _ if self.tokens.get(self.at).is_some_and(Token::is_word) => {
                    path.push(self.text(0).to_owned());
                    self.at += 1;
                }
                _ => break,
            }
            if self.text(0) != "::" {
                break;
            }
            self.at += 1;
        }
        // Nothing follows where `use` says what a type captures: `impl Trait + use<'a>`.
        if !path.is_empty() {
            let path = self.resolved(path);
            self.mentions.push(Mention { line, path });
        }
    }

    /// The path with `self` and `super` replaced by where they lead.
    fn resolved(&self, path: Vec<String>) -> Vec<String> {
        let steps = path.iter().take_while(|word| matches!(word.as_str(), "self" | "super"));
        let (steps, ups) = steps
            .fold((0, 0), |(steps, ups), word| (steps + 1, ups + usize::from(word == "super")));
        if steps == 0 {
            return path;
        }
        let left = self.module.len().saturating_sub(ups);
        let from_crate = std::iter::once("crate".to_owned());
        from_crate
            .chain(self.module[..left].iter().cloned())
            .chain(path[steps..].to_vec())
            .collect()
    }
}

/// The tokens of the code outside comments, texts and characters.
fn tokens(code: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < code.len() {
        let rest = &code[at..];
        let length = skipped(rest).unwrap_or(0);
        if length == 0 {
            let text = &rest[..token_length(rest)];
            if !text.trim().is_empty() {
                tokens.push(Token { line, text });
            }
        }
        let taken = if length == 0 { token_length(rest) } else { length };
        line += rest[..taken].matches('\n').count();
        at += taken;
    }
    tokens
}

fn token_length(rest: &str) -> usize {
    let word = rest.find(|next: char| !(next.is_alphanumeric() || next == '_'));
    match word.unwrap_or(rest.len()) {
        0 if rest.starts_with("::") => 2,
        0 => rest.chars().next().map_or(0, char::len_utf8),
        length => length,
    }
}

/// The length of the comment, text or character that `rest` begins with.
fn skipped(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment_length(rest));
    }
    let text = rest.trim_start_matches(['b', 'c']);
    let raw = text.strip_prefix('r').unwrap_or("");
    let hashes = raw.len() - raw.trim_start_matches('#').len();
    if raw[hashes..].starts_with('"') {
        let start = rest.len() - raw.len() + hashes + 1;
        let end = format!("\"{}", &raw[..hashes]);
        return Some(rest[start..].find(&end).map_or(rest.len(), |at| start + at + end.len()));
    }
    let quote = text.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    let prefix = rest.len() - text.len();
    if quote == '\'' && !is_character(text) {
        // A lifetime: its word is no path either.
        return Some(prefix + 1 + token_length(&text[1..]));
    }
    let mut escaped = false;
    for (at, next) in text.char_indices().skip(1) {
        if next == quote && !escaped {
            return Some(prefix + at + 1);
        }
        escaped = next == '\\' && !escaped;
    }
    Some(rest.len())
}

/// Whether a quote begins a character, and no lifetime.
fn is_character(text: &str) -> bool {
    let mut characters = text.chars().skip(1);
    characters.next() == Some('\\') || characters.next() == Some('\'')
}

fn block_comment_length(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        let (change, length) = match &rest[at..] {
            inner if inner.starts_with("/*") => (1, 2),
            inner if inner.starts_with("*/") => (-1, 2),
            inner => (0, inner.chars().next().map_or(1, char::len_utf8)),
        };
        depth += change;
        at += length;
        if depth == 0 {
            break;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::mentions;

    fn paths(code: &str) -> Vec<String> {
        let module = ["core".to_owned(), "steps".to_owned()];
        mentions(code, &module).into_iter().map(|mention| mention.path.join("::")).collect()
    }

    #[test]
    fn a_use_tree_is_spread_out() {
        let code = "pub use crate::{core::{clock::Clock as C, self}, runtime::*};";
        assert_eq!(paths(code), ["crate::core::clock::Clock", "crate::core", "crate::runtime"]);
    }

    #[test]
    fn super_and_self_are_followed_also_from_inline_modules() {
        let code = "use super::clock; use self::decode::X;
            mod tests { use super::super::super::runtime; fn f() { super::g() } }
            fn f() { super::super::cli::x() }";
        let expected = [
            "crate::core::clock",
            "crate::core::steps::decode::X",
            "crate::runtime",
            "crate::core::steps::g",
            "crate::cli::x",
        ];
        assert_eq!(paths(code), expected);
    }

    #[test]
    fn paths_count_in_all_lines_of_code() {
        let code = "fn f(x: ::tokio::X) -> <T as std::fs::Y>::Z { let _ = crate::cli::main; }";
        assert_eq!(paths(code), ["tokio::X", "std::fs::Y", "crate::cli::main"]);
        assert_eq!(paths("use timely; extern crate tokio;"), ["timely", "tokio"]);
    }

    #[test]
    fn comments_texts_and_characters_do_not_count() {
        let code = r##"
            // use std::fs;
            /* use std::fs; /* nested */ use std::net; */
            fn f<'a>(x: &'a str) -> char { g("use std::fs; \" a::b", r#"std::"net"#, b'"', '\'') }
            use last::One;"##;
        assert_eq!(paths(code), ["last::One"]);
    }

    #[test]
    fn a_mention_knows_its_line() {
        let code = "/*\n\n*/ use a::b; \"\n\" ;\nuse c::d;";
        let lines: Vec<_> = mentions(code, &[]).into_iter().map(|mention| mention.line).collect();
        assert_eq!(lines, [3, 5]);
    }
}
