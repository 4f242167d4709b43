//! The dated folder: README.md (machine, command, versions), raw.json, summary.md. Benchmarks are on record or they are
//! rumours; what is recorded names neither the machine nor its folders.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{date, strip};
use crate::bench::error::Error;
use crate::bench::system::machine::Machine;

/// Folders of one name on one day, at most.
const MAX_SAME: usize = 100;

/// What a record is made of.
#[derive(Debug)]
pub struct Record<'a> {
    /// The run's name: the end of the folder's.
    pub label: &'a str,
    /// The command's words, as they were given.
    pub arguments: &'a [String],
    /// The machine.
    pub machine: Machine,
    /// Programs and what they say their version is.
    pub versions: Vec<(&'static str, String)>,
    /// The JSON document.
    pub document: Value,
    /// The tables.
    pub summary: &'a str,
}

/// Writes the record into a new folder below `dir` and returns that.
pub fn write(dir: &Path, record: Record<'_>) -> Result<PathBuf, Error> {
    let date = date::today();
    let folder = create(dir, &format!("{date}-{}", strip::slug(record.label)))?;
    let put = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|source| Error::file("write", path, source))
    };
    let mut document = record.document;
    strip_logs(&mut document);
    put("README.md", &readme(&date, record.label, record.arguments, (&record.machine, &record.versions)))?;
    put("raw.json", &format!("{document:#}\n"))?;
    put("summary.md", &format!("# {}\n\n{}", record.label, record.summary.trim_start()))?;
    Ok(folder)
}

/// A new folder: an earlier run of the same day and name is never written over.
fn create(dir: &Path, name: &str) -> Result<PathBuf, Error> {
    std::fs::create_dir_all(dir).map_err(|source| Error::file("create", dir, source))?;
    let mut last = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
    for number in 1..=MAX_SAME {
        let folder = dir.join(if number == 1 { name.to_owned() } else { format!("{name}-{number}") });
        match std::fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(problem) if problem.kind() == std::io::ErrorKind::AlreadyExists => last = problem,
            Err(problem) => return Err(Error::file("create", folder, problem)),
        }
    }
    Err(Error::file("create", dir.join(name), last))
}

fn readme(date: &str, label: &str, arguments: &[String], on: (&Machine, &[(&'static str, String)])) -> String {
    let (machine, versions) = on;
    let versions: String = versions.iter().map(|(program, version)| format!("- {program}: {version}\n")).collect();
    format!(
        "# {label}, {date}\n\n## Machine\n\n- processor: {}\n- cores: {}\n- kernel: {}\n- memory: {} MB\n\n\
         ## Command\n\n```\n{}\n```\n\n## Versions\n\n{versions}\n\
         ## Files\n\n- `summary.md`: the tables\n- `raw.json`: each round, with the script's keys at the top\n",
        machine.cpu,
        machine.cores,
        machine.kernel,
        machine.memory_mb,
        strip::command(arguments),
    )
}

/// Cuts the paths of logs to their file names, wherever they stand.
fn strip_logs(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(path) if key == "proxy_log_path" => {
                        *path = path.rsplit('/').next().unwrap_or_default().to_owned();
                    }
                    other => strip_logs(other),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(strip_logs),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record(arguments: &[String]) -> Record<'_> {
        Record {
            label: "Two Ways",
            arguments,
            machine: Machine { cpu: "A CPU".to_owned(), cores: 2, kernel: "6.1".to_owned(), memory_mb: 100 },
            versions: vec![("rustc", "rustc 1.95.0".to_owned())],
            document: json!({"proxy_log_path": "/tmp/x/proxy.log", "targets": [{"proxy_log_path": "/tmp/x/proxy.log"}]}),
            summary: "\n### whole\n",
        }
    }

    #[test]
    fn a_record_has_all_three_files_and_nothing_of_the_machines_name() {
        let dir = tempfile::tempdir().expect("a folder");
        let arguments = ["/home/me/millrace", "bench", "--api-key", "sk-secret"].map(str::to_owned);
        let folder = write(&dir.path().join("runs"), record(&arguments)).expect("written");
        let name = folder.file_name().and_then(|name| name.to_str()).expect("a name");
        assert!(name.ends_with("-two-ways") && name.starts_with("20"), "{name}");
        let read = |file: &str| std::fs::read_to_string(folder.join(file)).expect("a file");
        let readme = read("README.md");
        for part in ["- processor: A CPU", "- kernel: 6.1", "millrace bench --api-key <key>", "- rustc: rustc 1.95.0"] {
            assert!(readme.contains(part), "{part} is not in {readme}");
        }
        let raw: Value = serde_json::from_str(&read("raw.json")).expect("JSON");
        assert_eq!(raw["targets"][0]["proxy_log_path"], json!("proxy.log"));
        assert!(read("summary.md").contains("### whole"));
        let all = readme + &read("raw.json") + &read("summary.md");
        assert!(!all.contains("/home") && !all.contains("/tmp") && !all.contains("sk-secret"), "{all}");
    }

    #[test]
    fn a_record_is_never_written_over() {
        let dir = tempfile::tempdir().expect("a folder");
        let first = write(dir.path(), record(&[])).expect("written");
        let second = write(dir.path(), record(&[])).expect("written");
        assert_ne!(first, second);
        assert!(second.to_str().is_some_and(|path| path.ends_with("-2")));
    }
}
