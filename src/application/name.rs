//! The name that a step has when its author gives none.

/// The last part of a type's path, without its generic parameters: `add_votes` for the function
/// `alphabet::add_votes`, `AddVotes` for a struct, `closure` for a closure.
pub(crate) fn short_type_name<T: ?Sized>() -> String {
    let full = std::any::type_name::<T>();
    let path = full.split('<').next().unwrap_or(full);
    match path.rsplit("::").next() {
        Some("{{closure}}") | None => "closure".to_owned(),
        Some(last) => last.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_of<T>(_: &T) -> String {
        short_type_name::<T>()
    }

    fn add_votes() {}

    #[test]
    fn a_function_is_named_by_its_last_part_and_a_closure_is_a_closure() {
        assert_eq!(name_of(&add_votes), "add_votes");
        assert_eq!(name_of(&|| ()), "closure");
        assert_eq!(short_type_name::<Vec<std::string::String>>(), "Vec");
    }
}
