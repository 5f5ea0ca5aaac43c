//! The order of the folders: which folder of `src/` may name what. A test fails if a folder names what it
//! must not, and tells which line does. Another lists the files that import each other.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test may fail where the test itself may"
)]

mod circles;
mod paths;
mod rules;

use std::fs;
use std::path::{Path, PathBuf};

use circles::Files;
use rules::{broken_rules, dependencies, rules_of_an_application, rules_of_the_library};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files below a folder of this package.
fn rust_files(folder: &str) -> Vec<PathBuf> {
    let mut folders = vec![root().join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Where a file's code stands in its crate: `src/core/steps/mod.rs` is `["core", "steps"]`.
fn module_of(file: &Path, crate_root: &str) -> Vec<String> {
    let inside = file.strip_prefix(root().join(crate_root)).unwrap().with_extension("");
    let mut module: Vec<String> =
        inside.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    module
}

#[test]
fn no_folder_of_the_library_names_what_it_must_not() {
    let mut broken = Vec::new();
    for file in rust_files("src") {
        let module = module_of(&file, "src");
        // `src/lib.rs` is the crate page and names everything.
        if module != ["lib"] {
            let code = fs::read_to_string(&file).unwrap();
            let found = broken_rules(&code, &module, &rules_of_the_library(&module[0]));
            broken.extend(found.into_iter().map(|what| format!("{}:{what}", file.display())));
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn the_applications_name_only_wallaroo_serde_and_std() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let rules = rules_of_an_application(&dependencies(&manifest));
    let mut broken = Vec::new();
    // Their tests may use more.
    let is_test = |file: &PathBuf| file.iter().any(|part| part == "tests" || part == "tests.rs");
    for file in rust_files("apps").into_iter().filter(|file| !is_test(file)) {
        let code = fs::read_to_string(&file).unwrap();
        let found = broken_rules(&code, &module_of(&file, "apps"), &rules);
        broken.extend(found.into_iter().map(|what| format!("{}:{what}", file.display())));
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

/// The files that import each other in a circle, and why they may.
const CIRCLES: [&str; 1] = [
    // The builder: each call of one file makes what the other file defines.
    "core/topology/application core/topology/pipeline",
];

#[test]
fn no_files_import_each_other_in_a_circle_but_those_that_are_known() {
    let files = rust_files("src").into_iter().map(|file| {
        let mut module = module_of(&file, "src");
        module.retain(|word| word != "lib");
        (module, syn::parse_file(&fs::read_to_string(file).unwrap()).unwrap())
    });
    let circles: Vec<_> =
        Files::of(files).circles().iter().map(|circle| circle.join(" ")).collect();
    assert_eq!(circles, CIRCLES);
}
