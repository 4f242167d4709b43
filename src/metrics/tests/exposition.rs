//! A strict reader of the text format 0.0.4: it refuses what Prometheus or promtool would refuse, and more.

use std::collections::{BTreeMap, BTreeSet};

/// A text that was read: types by family, values by `name{label="value",...}` as written.
#[derive(Debug, Default)]
pub struct Scrape {
    types: BTreeMap<String, String>,
    samples: BTreeMap<(String, Vec<(String, String)>), String>,
}

impl Scrape {
    /// The value of a sample, as written.
    pub fn text(&self, name: &str, labels: &[(&str, &str)]) -> Option<&str> {
        let labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        self.samples.get(&(name.to_owned(), labels)).map(String::as_str)
    }

    pub fn number(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.text(name, labels).map_or(f64::NAN, |text| text.parse().unwrap())
    }

    /// Every sample of a name.
    pub fn all<'s>(&'s self, name: &str) -> impl Iterator<Item = (&'s [(String, String)], f64)> + use<'s> {
        let name = name.to_owned();
        self.samples.iter().filter(move |((n, _), _)| *n == name).map(|((_, l), v)| (l.as_slice(), v.parse().unwrap()))
    }

    pub fn families(&self) -> impl Iterator<Item = (&str, &str)> {
        self.types.iter().map(|(name, kind)| (name.as_str(), kind.as_str()))
    }
}

pub fn parse(text: &str) -> Result<Scrape, String> {
    let mut scrape = Scrape::default();
    let mut helped = BTreeSet::new();
    let mut family = String::new();
    if !text.ends_with('\n') {
        return Err("the last line is not ended".into());
    }
    for line in text.lines() {
        let fail = |what: &str| Err(format!("{what}: {line}"));
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let Some((name, help)) = rest.split_once(' ') else { return fail("no help") };
            if help.is_empty() || !helped.insert(name.to_owned()) {
                return fail("help twice or empty");
            }
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let Some((name, kind)) = rest.split_once(' ') else { return fail("no type") };
            let known = ["counter", "gauge", "histogram"].contains(&kind);
            if !known || !helped.contains(name) || scrape.types.insert(name.into(), kind.into()).is_some() {
                return fail("type twice, unknown or before its help");
            }
            if (kind == "counter") != name.ends_with("_total")
                || !name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
            {
                return fail("name");
            }
            family = name.to_owned();
        } else {
            let (name, labels, value) = sample(line)?;
            let of = match scrape.types.get(&family).map(String::as_str) {
                Some("histogram") => ["_bucket", "_sum", "_count"].iter().any(|s| name == format!("{family}{s}")),
                Some(_) => name == family,
                None => false,
            };
            if !of {
                return fail("not of the family above");
            }
            if value.parse::<f64>().map_or(true, |v| v < 0.0 || v.is_nan()) {
                return fail("value");
            }
            if scrape.samples.insert((name, labels), value).is_some() {
                return fail("sample twice");
            }
        }
    }
    histograms(&scrape)?;
    Ok(scrape)
}

type Sample = (String, Vec<(String, String)>, String);

fn sample(line: &str) -> Result<Sample, String> {
    let fail = || format!("sample: {line}");
    let end = line.find(['{', ' ']).ok_or_else(fail)?;
    let (name, mut rest) = line.split_at(end);
    let mut labels = Vec::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (key, after) = rest.split_once("=\"").ok_or_else(fail)?;
            let (value, after) = quoted(after).ok_or_else(fail)?;
            if key.is_empty() || !key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
                return Err(fail());
            }
            labels.push((key.to_owned(), value));
            match after.split_at_checked(1).ok_or_else(fail)? {
                (",", more) => rest = more,
                ("}", more) => {
                    rest = more;
                    break;
                }
                _ => return Err(fail()),
            }
        }
    }
    let value = rest.strip_prefix(' ').filter(|v| !v.contains(' ')).ok_or_else(fail)?;
    Ok((name.to_owned(), labels, value.to_owned()))
}

fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    loop {
        match chars.next()? {
            (at, '"') => return Some((value, &text[at + 1..])),
            (_, '\\') => value.push(match chars.next()?.1 {
                'n' => '\n',
                c @ ('"' | '\\') => c,
                _ => return None,
            }),
            (_, c) => value.push(c),
        }
    }
}

/// Buckets must grow, end in `+Inf` and agree with the count.
fn histograms(scrape: &Scrape) -> Result<(), String> {
    for (family, _) in scrape.families().filter(|(_, kind)| *kind == "histogram") {
        let mut buckets = BTreeMap::<_, Vec<(f64, f64)>>::new();
        for (labels, below) in scrape.all(&format!("{family}_bucket")) {
            let Some(((key, le), labels)) = labels.split_last() else { return Err(format!("{family}: no le")) };
            if key != "le" {
                return Err(format!("{family}: le is not last"));
            }
            buckets.entry(labels).or_default().push((le.replace("+Inf", "inf").parse().unwrap(), below));
        }
        let counts: BTreeMap<_, _> = scrape.all(&format!("{family}_count")).collect();
        if !buckets.keys().eq(counts.keys()) {
            return Err(format!("{family}: buckets without a count, or the reverse"));
        }
        for (labels, mut buckets) in buckets {
            buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
            let grows = buckets.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 <= w[1].1);
            if !grows || buckets.last() != Some(&(f64::INFINITY, counts[labels])) {
                return Err(format!("{family} {labels:?}: {buckets:?} of {}", counts[labels]));
            }
        }
    }
    Ok(())
}

#[test]
fn it_refuses_what_is_wrong() {
    let head = "# HELP a_total A.\n# TYPE a_total counter\n";
    assert!(parse(&format!("{head}a_total{{x=\"1\"}} 2\n")).is_ok());
    for bad in [
        "a_total{x=\"1} 2\n",
        "a_total 1\na_total 1\n",
        "b_total 1\n",
        "a_total{x=\"\\q\"} 1\n",
        "a_total -1\n",
        "a_total 1",
    ] {
        assert!(parse(&format!("{head}{bad}")).is_err(), "{bad}");
    }
    let head = "# HELP h H.\n# TYPE h histogram\n";
    let falls = "h_bucket{le=\"1\"} 3\nh_bucket{le=\"2\"} 2\nh_bucket{le=\"+Inf\"} 3\nh_sum 1\nh_count 3\n";
    assert!(parse(&format!("{head}{falls}")).is_err());
}
