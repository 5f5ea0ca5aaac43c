//! Files that import each other in a circle.
//!
//! A file imports another if it names something that is defined there: a name that is exported again
//! (`pub use`) leads to the file that defines it. Code of tests, and what a module says about the files
//! below it (`mod`, `pub use`), do not count.

use std::collections::{BTreeMap, BTreeSet};

use syn::{Attribute, Item, ItemMod, ItemUse, Visibility};

use crate::paths::{Import, imports, mentions, resolved};

/// The files of a crate, each under its module.
pub struct Files(BTreeMap<Vec<String>, Names>);

/// What other files find in a file.
#[derive(Default)]
struct Names {
    /// Its own items.
    defined: BTreeSet<String>,
    /// What it exports again: the name here, and the path.
    exported: BTreeMap<String, Vec<String>>,
    /// The modules of which it exports everything.
    exported_whole: Vec<Vec<String>>,
    /// The paths that its code names.
    named: Vec<Vec<String>>,
}

impl Files {
    /// Reads files, each with its module.
    pub fn of(files: impl Iterator<Item = (Vec<String>, syn::File)>) -> Self {
        let read = |(module, file): (Vec<String>, syn::File)| {
            let names = Names::of(file, &module);
            (module, names)
        };
        Self(files.map(read).collect())
    }

    /// The groups of files that import each other, directly or through others.
    pub fn circles(&self) -> Vec<Vec<String>> {
        let modules: Vec<_> = self.0.keys().collect();
        let reached: BTreeMap<_, _> =
            modules.iter().map(|module| (*module, self.reached_from(module))).collect();
        let mut circles = BTreeSet::new();
        for module in &modules {
            let others = modules.iter().filter(|other| {
                reached[*module].contains(**other) && reached[**other].contains(*module)
            });
            let circle: Vec<_> = others.map(|other| other.join("/")).collect();
            if circle.len() > 1 {
                circles.insert(circle);
            }
        }
        circles.into_iter().collect()
    }

    fn reached_from<'a>(&'a self, module: &'a Vec<String>) -> BTreeSet<&'a Vec<String>> {
        let mut reached = BTreeSet::new();
        let mut left = vec![module];
        while let Some(module) = left.pop() {
            for path in &self.0[module].named {
                let file = self.file_of(path, 0).filter(|file| *file != module);
                left.extend(file.filter(|file| reached.insert(*file)));
            }
        }
        reached
    }

    /// The file that defines what a path names. `depth` ends what exports itself.
    fn file_of(&self, path: &[String], depth: usize) -> Option<&Vec<String>> {
        let ("crate", inside) = (path.first()?.as_str(), &path[1..]) else { return None };
        let mut prefixes = (0..=inside.len()).rev().map(|length| inside.split_at(length));
        let (module, rest) = prefixes.find(|(prefix, _)| self.0.contains_key(*prefix))?;
        let (module, names) = self.0.get_key_value(module)?;
        let Some((name, rest)) = rest.split_first().filter(|_| depth < 10) else {
            // A module as a whole is no item of its file: it is only a way to the files below.
            return None;
        };
        if let Some(path) = names.exported.get(name) {
            let path: Vec<_> = path.iter().chain(rest).cloned().collect();
            return self.file_of(&path, depth + 1);
        }
        if names.defined.contains(name) {
            return Some(module);
        }
        names.exported_whole.iter().find_map(|whole| {
            let path: Vec<_> = whole.iter().chain([name]).chain(rest).cloned().collect();
            self.file_of(&path, depth + 1)
        })
    }
}

impl Names {
    fn of(mut file: syn::File, module: &[String]) -> Self {
        file.items.retain(|item| !is_of_tests(attributes(item)));
        let below: Vec<_> = file.items.iter().filter_map(module_below).collect();
        let mut names = Self::default();
        let mut scope = BTreeMap::new();
        let mut code = syn::File { shebang: None, attrs: Vec::new(), items: Vec::new() };
        for item in file.items {
            match item {
                Item::Use(ItemUse { vis, tree, .. }) => {
                    let exported = !matches!(vis, Visibility::Inherited);
                    for Import { path, name, .. } in imports(&tree) {
                        let path = from_crate(resolved(path, module), module, &below);
                        match name {
                            Some(name) if exported => drop(names.exported.insert(name, path)),
                            None if exported => names.exported_whole.push(path),
                            Some(name) => {
                                scope.insert(name, path.clone());
                                names.named.push(path);
                            }
                            None => {}
                        }
                    }
                }
                Item::Mod(ItemMod { content: None, .. }) => {}
                item => {
                    names.defined.extend(name_of(&item));
                    code.items.push(item);
                }
            }
        }
        for mention in mentions(&code, module) {
            // `order::read` after `use super::order` is `super::order::read`.
            let path = match scope.get(&mention.path[0]) {
                Some(imported) => imported.iter().chain(&mention.path[1..]).cloned().collect(),
                None => from_crate(mention.path, module, &below),
            };
            names.named.push(path);
        }
        names
    }
}

/// A path that begins with one of the modules `below` this file, from the crate.
fn from_crate(path: Vec<String>, module: &[String], below: &[String]) -> Vec<String> {
    if path.first().is_some_and(|first| below.contains(first)) {
        let crate_word = std::iter::once("crate".to_owned());
        return crate_word.chain(module.iter().cloned()).chain(path).collect();
    }
    path
}

fn module_below(item: &Item) -> Option<String> {
    match item {
        Item::Mod(ItemMod { content: None, ident, .. }) => Some(ident.to_string()),
        _ => None,
    }
}

fn is_of_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).any(|attribute| {
        attribute.parse_args::<syn::Path>().is_ok_and(|word| word.is_ident("test"))
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn name_of(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Mod(item) => &item.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        _ => return None,
    };
    Some(name.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let files = files.iter().map(|(module, code)| {
            let module = module.split('/').filter(|word| !word.is_empty()).map(str::to_owned);
            (module.collect(), syn::parse_file(code).unwrap())
        });
        Files::of(files).circles()
    }

    #[test]
    fn files_that_import_each_other_are_a_circle() {
        let a = ("a", "use crate::b::B; pub struct A;");
        let b = ("b", "pub struct B; fn f() { crate::c::g() }");
        let c = ("c", "use super::a; pub fn g() { let _ = a::A; }");
        assert_eq!(circles(&[a, b, c]), [["a", "b", "c"]]);
        assert!(circles(&[a, b, ("c", "pub fn g() {}")]).is_empty());
    }

    #[test]
    fn a_name_that_is_exported_again_leads_to_the_file_that_defines_it() {
        let root = ("", "mod a; mod b; pub use a::A; pub use b::*;");
        let a = ("a", "use crate::B; pub struct A;");
        assert!(circles(&[root, a, ("b", "pub struct B;")]).is_empty());
        assert_eq!(circles(&[root, a, ("b", "use super::A; pub struct B;")]), [["a", "b"]]);
    }

    #[test]
    fn a_module_and_a_file_below_it_can_be_a_circle() {
        let module = ("a", "mod b; pub struct A; fn f() { b::g() }");
        assert_eq!(circles(&[module, ("a/b", "pub fn g(_: super::A) {}")]), [["a", "a/b"]]);
    }

    #[test]
    fn tests_do_not_count() {
        let a = ("a", "use crate::b::B; pub struct A;");
        let b = ("b", "pub struct B; #[cfg(test)] mod tests { use crate::a::A; }");
        assert!(circles(&[a, b]).is_empty());
    }
}
