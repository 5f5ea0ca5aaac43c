//! The nearest known name to a wrong one.

/// The name among these that is nearest to a wrong one, as a question; empty if none is near.
pub(crate) fn did_you_mean<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let near = known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(wrong, name), name))
        .filter(|(nearness, _)| *nearness > 0.75);
    let nearest = near.max_by(|one, other| one.0.total_cmp(&other.0));
    nearest.map(|(_, name)| format!(": did you mean `{name}`?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_proposed_and_a_far_one_is_not() {
        let known = ["alphabet", "reverse", "celsius"];
        assert_eq!(did_you_mean("alpabet", known), ": did you mean `alphabet`?");
        assert_eq!(did_you_mean("xyz", known), "");
    }
}
