//! Medians, best quarters and ranges.

use serde::Serialize;

/// What some rounds' values say together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// As many values are greater as are less; of an even number, the mean of the two in the middle.
    pub median: f64,
    /// The least of the greatest quarter of the values, of which there is at least one.
    pub best_quarter: f64,
    /// The least value.
    pub min: f64,
    /// The greatest value.
    pub max: f64,
}

impl Spread {
    /// The spread of values of which more is better; `None` if there are none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let best = values.len().div_ceil(4);
        Some(Self {
            median: middle(&values)?,
            best_quarter: *values.get(values.len() - best)?,
            min: *values.first()?,
            max: *values.last()?,
        })
    }
}

/// The median of values in any order; `None` if there are none.
pub fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    Spread::of(values).map(|spread| spread.median)
}

/// The median of sorted values.
fn middle(sorted: &[f64]) -> Option<f64> {
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *sorted.get((sorted.len() / 2).checked_sub(1)?)?;
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle_whatever_the_order() {
        assert_eq!(median([3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median([4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(median([7.0]), Some(7.0));
        assert_eq!(median([]), None);
    }

    #[test]
    fn the_best_quarter_begins_with_its_least_value() {
        let best = |count: u32| Spread::of((1..=count).map(f64::from)).unwrap().best_quarter;
        let counted = [1, 4, 5, 8, 9, 20].map(|count| best(count).to_string());
        assert_eq!(counted, ["1", "4", "4", "7", "7", "16"]);
    }

    #[test]
    fn the_range_is_from_the_least_to_the_greatest() {
        let spread = Spread::of([2.0, 9.0, 5.0]).unwrap();
        assert_eq!((spread.min, spread.max), (2.0, 9.0));
    }
}
