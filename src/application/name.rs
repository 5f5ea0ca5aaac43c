//! The default name of a step.

/// The last part of a type's path, without its generic parameters: `add_votes` for the function
/// `alphabet::add_votes`, `AddVotes` for a struct, `closure` for a closure.
pub(crate) fn short_type_name<T: ?Sized>() -> String {
    let path = std::any::type_name::<T>();
    if path.starts_with("fn(") || path.contains(" fn(") {
        // The type of a function pointer does not name the function.
        return "function".to_owned();
    }
    match last_part(path) {
        closure if closure == "{{closure}}" => "closure".to_owned(),
        name => name,
    }
}

/// What follows the last `::` that is not inside angle brackets, without those. Brackets may stand
/// anywhere: `<Alphabet as App>::topology::{{closure}}`, `words::split<char>`.
fn last_part(path: &str) -> String {
    let mut depth = 0_usize;
    let mut last = String::new();
    for character in path.chars() {
        match character {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            ':' => last.clear(),
            _ => last.push(character),
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_of<T>(_: &T) -> String {
        short_type_name::<T>()
    }

    fn add_votes() {}

    fn generic<T>(_: &T) -> impl Fn() + use<T> {
        || ()
    }

    trait Steps {
        fn step();
        fn closure_of() -> String;
    }

    impl Steps for Vec<u8> {
        fn step() {}
        fn closure_of() -> String {
            name_of(&|| ())
        }
    }

    #[test]
    fn a_function_is_named_by_its_last_part_and_a_closure_is_a_closure() {
        assert_eq!(name_of(&add_votes), "add_votes");
        assert_eq!(name_of(&|| ()), "closure");
        assert_eq!(short_type_name::<Vec<String>>(), "Vec");
    }
    #[test]
    fn brackets_anywhere_in_a_path_do_not_hide_the_name() {
        assert_eq!(name_of(&<Vec<u8> as Steps>::step), "step");
        assert_eq!(<Vec<u8> as Steps>::closure_of(), "closure");
        assert_eq!(name_of(&generic::<Vec<u8>>), "generic");
        assert_eq!(name_of(&generic(&"")), "closure");
        assert_eq!(name_of(&(add_votes as fn())), "function");
        assert_eq!(short_type_name::<fn(&str) -> Option<u8>>(), "function");
    }
}
