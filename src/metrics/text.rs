//! Writes Prometheus' text format 0.0.4, the one that Prometheus, promtool and every agent read.
//!
//! prometheus-client writes OpenMetrics, where `# TYPE` names a counter without its `_total`: readers of 0.0.4 then find
//! samples without a type. It also writes fractions as floats only, and money here is exact.

use std::fmt::{self, Write};

use super::cell::{Bounds, Observed};

/// The media type of a scrape.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Label names and values of one sample.
pub type Labels<'a> = [(&'static str, &'a str)];

/// What a family is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows; its name ends in `_total`.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Buckets, a sum and a count.
    Histogram,
}

/// A text under way. Writing into a `String` cannot fail, so no method returns an error.
#[derive(Debug, Default)]
pub struct Text {
    out: String,
    family: &'static str,
}

/// A whole number shown with its point moved `decimals` to the left: `Fixed(1500, 3)` is `1.5`. Exact at any size.
#[derive(Clone, Copy, Debug)]
pub struct Fixed(pub u128, pub u32);

impl fmt::Display for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = 10u128.pow(self.1);
        let (whole, fraction) = (self.0 / one, self.0 % one);
        if fraction == 0 {
            return write!(f, "{whole}");
        }
        let digits = format!("{fraction:0width$}", width = self.1 as usize);
        write!(f, "{whole}.{}", digits.trim_end_matches('0'))
    }
}

impl Text {
    /// Begins a family; its samples follow.
    pub fn family(&mut self, name: &'static str, kind: Kind, help: &str) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        self.family = name;
        _ = writeln!(self.out, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// One sample of the family.
    pub fn sample(&mut self, labels: &Labels<'_>, value: impl fmt::Display) {
        self.line("", labels, None, value);
    }

    /// A family of one sample without labels.
    pub fn single(&mut self, name: &'static str, kind: Kind, help: &str, value: impl fmt::Display) {
        self.family(name, kind, help);
        self.sample(&[], value);
    }

    /// One histogram of the family, in seconds.
    pub fn histogram(&mut self, labels: &Labels<'_>, bounds: Bounds, seen: &Observed) {
        let mut below = 0;
        for (bound, count) in bounds.iter().zip(&seen.buckets) {
            below += count;
            self.line("_bucket", labels, Some(&Fixed((*bound).into(), 9)), below);
        }
        // the count is the sum of the buckets as read, so that the two agree even while exchanges settle
        self.line("_bucket", labels, Some(&"+Inf"), seen.count());
        self.line("_sum", labels, None, Fixed(seen.nanos, 9));
        self.line("_count", labels, None, seen.count());
    }

    /// The whole text.
    pub fn finish(self) -> String {
        self.out
    }

    fn line(&mut self, suffix: &str, labels: &Labels<'_>, le: Option<&dyn fmt::Display>, value: impl fmt::Display) {
        _ = write!(self.out, "{}{suffix}", self.family);
        let mut before = '{';
        for (name, text) in labels {
            _ = write!(self.out, "{before}{name}=\"");
            self.escaped(text);
            self.out.push('"');
            before = ',';
        }
        if let Some(le) = le {
            _ = write!(self.out, "{before}le=\"{le}\"");
            before = ',';
        }
        if before == ',' {
            self.out.push('}');
        }
        _ = writeln!(self.out, " {value}");
    }

    fn escaped(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '\\' => self.out.push_str("\\\\"),
                '"' => self.out.push_str("\\\""),
                '\n' => self.out.push_str("\\n"),
                c => self.out.push(c),
            }
        }
    }
}
