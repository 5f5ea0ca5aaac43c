//! The paths that a piece of Rust code mentions: `use` trees spread out, `self` and `super` resolved.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{ItemExternCrate, ItemMod, ItemUse, Macro, MetaList, Path, UseTree};

/// A path that the code mentions, from the crate (`crate::core::clock`) or from another crate
/// (`std::fs::File`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The number of its line, from 1.
    pub line: usize,
    /// The path's words. The `*` of an import of everything (`use std::fs::*`) is left out.
    pub path: Vec<String>,
}

/// The paths of a file that stands at this place in its crate.
pub fn mentions(file: &syn::File, module: &[String]) -> Vec<Mention> {
    let mut reader = Reader { module: module.to_vec(), mentions: Vec::new() };
    reader.visit_file(file);
    reader.mentions
}

struct Reader {
    /// Where the code that is read stands; inline modules included.
    module: Vec<String>,
    mentions: Vec<Mention>,
}

impl Reader {
    fn mention(&mut self, line: usize, path: Vec<String>) {
        let path = resolved(path, &self.module);
        self.mentions.push(Mention { line, path });
    }

    /// The paths in the tokens of a macro, which are not parsed: words with `::` between them.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        // `line` is that of the first word; after `>::` or `)::` no path from a crate begins.
        let (mut line, mut path, mut joined) = (0, Vec::new(), false);
        let mut ended = None;
        while let Some(token) = tokens.next() {
            let colons = matches!(&token, TokenTree::Punct(colon) if colon.as_char() == ':')
                && matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == ':');
            if colons {
                tokens.next();
                joined = true;
                continue;
            }
            match token {
                TokenTree::Ident(word) if joined && !path.is_empty() => path.push(word.to_string()),
                TokenTree::Ident(word) => {
                    self.end(line, &mut path);
                    let after_type = joined && ended == Some(true);
                    line = word.span().start().line;
                    path.extend((!after_type).then(|| word.to_string()));
                }
                TokenTree::Group(group) => {
                    self.end(line, &mut path);
                    self.tokens(group.stream());
                    ended = Some(group.delimiter() != Delimiter::Brace);
                    joined = false;
                    continue;
                }
                TokenTree::Punct(mark) => {
                    self.end(line, &mut path);
                    ended = Some(mark.as_char() == '>');
                    joined = false;
                    continue;
                }
                TokenTree::Literal(_) => self.end(line, &mut path),
            }
            (joined, ended) = (false, None);
        }
        self.end(line, &mut path);
    }

    fn end(&mut self, line: usize, path: &mut Vec<String>) {
        let path = std::mem::take(path);
        if path.len() > 1 {
            self.mention(line, path);
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_mod(&mut self, inline: &'ast ItemMod) {
        self.module.push(inline.ident.to_string());
        visit::visit_item_mod(self, inline);
        self.module.pop();
    }

    fn visit_item_use(&mut self, import: &'ast ItemUse) {
        for Import { line, path, .. } in imports(&import.tree) {
            self.mention(line, path);
        }
    }

    fn visit_item_extern_crate(&mut self, import: &'ast ItemExternCrate) {
        self.mention(import.ident.span().start().line, vec![import.ident.to_string()]);
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let words: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        // A word alone is in scope, by a `use` or because it is defined here.
        if words.len() > 1 {
            let line = path.segments[0].ident.span().start().line;
            self.mention(line, words);
        }
        visit::visit_path(self, path);
    }

    fn visit_meta_list(&mut self, attribute: &'ast MetaList) {
        self.visit_path(&attribute.path);
        self.tokens(attribute.tokens.clone());
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.visit_path(&call.path);
        self.tokens(call.tokens.clone());
    }
}

/// One import of a `use` tree.
pub struct Import {
    pub line: usize,
    pub path: Vec<String>,
    /// What it is called here; `None` for an import of everything.
    pub name: Option<String>,
}

/// The imports of a `use` tree, spread out.
pub fn imports(tree: &UseTree) -> Vec<Import> {
    let one = |word: &syn::Ident, name: &syn::Ident| {
        let name = Some(name.to_string());
        vec![Import { line: word.span().start().line, path: vec![word.to_string()], name }]
    };
    match tree {
        UseTree::Path(inner) => {
            let (line, word) = (inner.ident.span().start().line, inner.ident.to_string());
            let mut found = imports(&inner.tree);
            for Import { line: of_rest, path, name } in &mut found {
                *of_rest = line;
                if path.last().is_some_and(|last| last == "self") && path.len() == 1 {
                    path.clear();
                    if name.as_deref() == Some("self") {
                        *name = Some(word.clone());
                    }
                }
                path.insert(0, word.clone());
            }
            found
        }
        UseTree::Name(name) => one(&name.ident, &name.ident),
        UseTree::Rename(renamed) => one(&renamed.ident, &renamed.rename),
        UseTree::Glob(glob) => {
            let line = glob.star_token.spans[0].start().line;
            vec![Import { line, path: Vec::new(), name: None }]
        }
        UseTree::Group(group) => group.items.iter().flat_map(imports).collect(),
    }
}

/// The path with `self` and `super` replaced by where they lead.
pub fn resolved(path: Vec<String>, module: &[String]) -> Vec<String> {
    let steps = path.iter().take_while(|word| matches!(word.as_str(), "self" | "super"));
    let (steps, ups) =
        steps.fold((0, 0), |(steps, ups), word| (steps + 1, ups + usize::from(word == "super")));
    if steps == 0 {
        return path;
    }
    let left = module.len().saturating_sub(ups);
    let from_crate = std::iter::once("crate".to_owned());
    from_crate.chain(module[..left].iter().cloned()).chain(path[steps..].to_vec()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mentions_in(code: &str) -> Vec<Mention> {
        let module = ["core".to_owned(), "steps".to_owned()];
        mentions(&syn::parse_file(code).unwrap(), &module)
    }

    fn paths(code: &str) -> Vec<String> {
        mentions_in(code).into_iter().map(|mention| mention.path.join("::")).collect()
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
    fn paths_count_in_all_code() {
        let code = "fn f(x: ::tokio::X) -> <T as std::fs::Y>::Z { let _ = crate::cli::main; }";
        assert_eq!(paths(code), ["tokio::X", "std::fs::Y::Z", "crate::cli::main"]);
        assert_eq!(paths("use timely; extern crate tokio;"), ["timely", "tokio"]);
    }

    #[test]
    fn paths_count_in_macros() {
        let code = r#"fn f() { assert!(g(<T as a::B>::C, "x::y", std::fs::read::<u8>()).d, e) }"#;
        assert_eq!(paths(code), ["a::B", "std::fs::read"]);
    }

    #[test]
    fn a_mention_knows_its_line() {
        let lines: Vec<_> = mentions_in("/*\n\n*/ use a::b; const A: &str = \"\n\" ;\nuse c::d;")
            .into_iter()
            .map(|mention| mention.line)
            .collect();
        assert_eq!(lines, [3, 5]);
    }
}
