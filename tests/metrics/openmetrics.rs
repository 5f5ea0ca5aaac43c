//! Reads OpenMetrics strictly: what the specification forbids is an error.

use std::collections::{BTreeMap, BTreeSet};

pub type Labels = BTreeMap<String, String>;

/// All that was served.
#[derive(Debug, Default)]
pub struct Exposition(pub BTreeMap<String, Family>);

/// What is served under one name.
#[derive(Debug, Default)]
pub struct Family {
    pub kind: String,
    pub help: String,
    pub unit: String,
    pub samples: Vec<Sample>,
}

/// A line with a value.
#[derive(Debug, Clone)]
pub struct Sample {
    pub name: String,
    pub labels: Labels,
    pub value: f64,
}

impl Exposition {
    /// All samples with this name.
    pub fn samples(&self, name: &str) -> Vec<&Sample> {
        self.0.values().flat_map(|family| &family.samples).filter(|it| it.name == name).collect()
    }

    /// The sum of those of them that have these labels.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let has = |sample: &&Sample| {
            labels
                .iter()
                .all(|(label, value)| sample.labels.get(*label).is_some_and(|it| it == value))
        };
        self.samples(name).into_iter().filter(has).map(|sample| sample.value).sum()
    }

    /// The names that queries use.
    pub fn names(&self) -> BTreeSet<String> {
        let names = self.0.iter().flat_map(|(name, family)| {
            let suffixes: &[&str] = match &*family.kind {
                "counter" => &["_total"],
                "info" => &["_info"],
                "histogram" => &["_bucket", "_sum", "_count"],
                _ => &[""],
            };
            suffixes.iter().map(move |suffix| format!("{name}{suffix}"))
        });
        names.collect()
    }
}

/// Reads an exposition.
pub fn parse(text: &str) -> Result<Exposition, String> {
    let lines = text.strip_suffix("# EOF\n").ok_or("it does not end with # EOF")?;
    if !lines.is_empty() && !lines.ends_with('\n') {
        return Err("the last line has no end".to_owned());
    }
    let mut all = Exposition::default();
    let mut now = String::new();
    for line in lines.lines() {
        let wrong = |what: &str| Err(format!("{what}: {line}"));
        if let Some(comment) = line.strip_prefix("# ") {
            let (what, rest) = comment.split_once(' ').unwrap_or_default();
            let Some((name, value)) = rest.split_once(' ') else { return wrong("no name") };
            if name != now {
                if all.0.contains_key(name) || !is_name(name, ":") {
                    return wrong("the name comes again, or is none");
                }
                name.clone_into(&mut now);
            }
            let family = all.0.entry(now.clone()).or_default();
            let field = match what {
                "TYPE" => &mut family.kind,
                "HELP" => &mut family.help,
                "UNIT" => &mut family.unit,
                _ => return wrong("an unknown comment"),
            };
            if !field.is_empty() || value.is_empty() || !family.samples.is_empty() {
                return wrong("it is there already, or empty, or too late");
            }
            value.clone_into(field);
        } else {
            let sample = sample(line).map_err(|what| format!("{what}: {line}"))?;
            let Some(family) = all.0.get_mut(&now) else { return wrong("it has no family") };
            family.samples.push(sample);
        }
    }
    all.0.iter().try_for_each(|(name, family)| {
        check(name, family).map_err(|what| format!("{what}: {name}: {family:?}"))
    })?;
    Ok(all)
}

fn is_name(text: &str, more: &str) -> bool {
    let is_letter =
        |letter: char| letter.is_ascii_alphabetic() || letter == '_' || more.contains(letter);
    text.starts_with(is_letter) && text.chars().all(|it| is_letter(it) || it.is_ascii_digit())
}

/// Reads a line with a value.
fn sample(line: &str) -> Result<Sample, &'static str> {
    let end = line.find(['{', ' ']).ok_or("no value")?;
    let (name, rest) = line.split_at(end);
    let (labels, value) = match rest.strip_prefix('{') {
        Some(labels) => labels_of(labels)?,
        None => (Labels::new(), rest),
    };
    let value = value.strip_prefix(' ').ok_or("no blank before the value")?;
    let value = match value {
        "+Inf" => f64::INFINITY,
        _ if value.contains(|it: char| it.is_ascii_digit()) => {
            value.parse().map_err(|_| "no number")?
        }
        _ => return Err("no number"),
    };
    if !is_name(name, ":") {
        return Err("no name");
    }
    Ok(Sample { name: name.to_owned(), labels, value })
}

/// Reads labels up to the `}`, and gives what is behind it.
fn labels_of(text: &str) -> Result<(Labels, &str), &'static str> {
    let (mut labels, mut rest) = (Labels::new(), text);
    loop {
        let (name, behind) = rest.split_once("=\"").ok_or("no label")?;
        let (mut value, mut letters) = (String::new(), behind.char_indices());
        let end = loop {
            match letters.next().ok_or("a label has no end")? {
                (at, '"') => break at,
                (_, '\\') => value.push(match letters.next() {
                    Some((_, 'n')) => '\n',
                    Some((_, letter @ ('\\' | '"'))) => letter,
                    _ => return Err("an unknown escape"),
                }),
                (_, letter) => value.push(letter),
            }
        };
        if !is_name(name, "") || labels.insert(name.to_owned(), value).is_some() {
            return Err("a label's name is none, or comes again");
        }
        rest = &behind[end + 1..];
        if let Some(behind) = rest.strip_prefix('}') {
            return Ok((labels, behind));
        }
        rest = rest.strip_prefix(',').ok_or("no comma between labels")?;
    }
}

/// Whether a family is what its type says.
fn check(name: &str, family: &Family) -> Result<(), &'static str> {
    if family.help.is_empty() {
        return Err("no help");
    }
    if !family.unit.is_empty() && !name.ends_with(&format!("_{}", family.unit)) {
        return Err("the unit is not in the name");
    }
    if family.unit.is_empty() && (name.ends_with("_seconds") || name.ends_with("_bytes")) {
        return Err("the unit is not said");
    }
    let mut known = BTreeSet::new();
    for Sample { name: full, labels, value } in &family.samples {
        if !known.insert((full, labels)) {
            return Err("a line comes twice");
        }
        let suffix = full.strip_prefix(name).ok_or("a line of another name")?;
        let is_count = *value >= 0.0 && value.fract() == 0.0;
        let is_right = match (&*family.kind, suffix) {
            ("counter", "_total") | ("histogram", "_count") => is_count,
            ("gauge", "") | ("histogram", "_sum") => value.is_finite(),
            ("histogram", "_bucket") => is_count && labels.contains_key("le"),
            ("info", "_info") => (*value - 1.0).abs() < f64::EPSILON,
            _ => false,
        };
        if !is_right {
            return Err("a line that the type does not have");
        }
    }
    if family.kind == "histogram" { check_histogram(name, family) } else { Ok(()) }
}

/// Buckets are in order, grow, and end with all.
fn check_histogram(name: &str, family: &Family) -> Result<(), &'static str> {
    let mut groups: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
    let of = |suffix: &'static str| {
        family.samples.iter().filter(move |sample| sample.name == format!("{name}{suffix}"))
    };
    for bucket in of("_bucket") {
        let mut labels = bucket.labels.clone();
        let bound = match labels.remove("le").unwrap_or_default().as_str() {
            "+Inf" => f64::INFINITY,
            bound => bound.parse().map_err(|_| "a bucket without a bound")?,
        };
        groups.entry(labels).or_default().push((bound, bucket.value));
    }
    let one = |suffix: &'static str, labels: &Labels| {
        of(suffix).find(|sample| sample.labels == *labels).map(|sample| sample.value)
    };
    if of("_sum").count() != groups.len() || of("_count").count() != groups.len() {
        return Err("a sum or a count without buckets, or buckets without them");
    }
    for (labels, buckets) in groups {
        let in_order = buckets.windows(2).all(|two| two[0].0 < two[1].0 && two[0].1 <= two[1].1);
        let last = buckets.last().copied();
        let all = one("_count", &labels).map(|count| (f64::INFINITY, count));
        if !in_order || last != all || one("_sum", &labels).is_none() {
            return Err("buckets that are not in order, or do not end with all");
        }
    }
    Ok(())
}

#[test]
fn what_the_specification_forbids_is_refused() {
    let good = "# HELP a_seconds x\n# TYPE a_seconds histogram\n# UNIT a_seconds seconds\na_seconds_sum 1.5\n\
                a_seconds_count 2\na_seconds_bucket{le=\"0.5\"} 1\na_seconds_bucket{le=\"+Inf\"} 2\n\
                # HELP b x\n# TYPE b counter\nb_total{c=\"\\\"\\n,}\",d=\"\"} 7\n# EOF\n";
    let read = parse(good).unwrap();
    assert_eq!(read.samples("b_total")[0].labels["c"], "\"\n,}");
    for (good_part, wrong) in [
        ("# EOF\n", ""),
        ("# EOF\n", "# EOF\n\n"),
        ("# HELP b x\n", ""),
        ("# HELP b x\n", "# HELP b x\n# HELP b y\n"),
        ("# TYPE b counter\n", "# TYPE b gauge\n"),
        ("# TYPE b counter\n", "# TYPE b_total counter\n"),
        ("# UNIT a_seconds seconds\n", ""),
        ("# UNIT a_seconds seconds\n", "# UNIT a_seconds bytes\n"),
        ("{le=\"0.5\"} 1", "{le=\"0.5\"} 3"),
        ("a_seconds_count 2", "a_seconds_count 3"),
        ("a_seconds_bucket{le=\"+Inf\"} 2\n", ""),
        ("b_total{", "b{"),
        (",d=", " d="),
        ("\\n", "\\t"),
        ("d=\"\"} 7", "d=\"\"} -7"),
        ("d=\"\"} 7", "d=\"\"}  7"),
        ("d=\"\"} 7", "c=\"\"} 7"),
        ("d=\"\"} 7\n", "d=\"\"} 7\na_seconds_count 2\n"),
    ] {
        let text = good.replacen(good_part, wrong, 1);
        assert!(text != good && parse(&text).is_err(), "{good_part:?} as {wrong:?}");
    }
}
