//! How a command ended: exit code, JSON lines, log.

use std::path::PathBuf;

use protocol::{Amount, DealId, TaskId};
use serde_json::Value;

/// A command that has ended.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Exit code; 128 and the signal's number when a signal ended it.
    pub code: i32,
    /// The JSON lines of standard output, in order.
    pub events: Vec<Value>,
    /// Lines of standard output that are not JSON: none with `--json`, all of them without.
    pub text: Vec<String>,
    /// Standard error.
    pub stderr: String,
    name: String,
}

impl Finished {
    pub(crate) fn new(name: &str, code: i32, stdout: &[String], stderr: String) -> Self {
        let (mut events, mut text) = (Vec::new(), Vec::new());
        for line in stdout {
            match serde_json::from_str(line) {
                Ok(event) => events.push(event),
                Err(_) => text.push(line.clone()),
            }
        }
        Self { code, events, text, stderr, name: name.to_owned() }
    }

    /// Checks the exit code, and that every line of output was JSON.
    ///
    /// # Panics
    /// When either is not so.
    #[must_use]
    pub fn ended_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "exit code\n{}", self.describe());
        assert!(self.text.is_empty(), "lines that are not JSON\n{}", self.describe());
        self
    }

    /// The only line of this event.
    ///
    /// # Panics
    /// When there is none, or more than one.
    #[must_use]
    pub fn event(&self, event: &str) -> &Value {
        let found = self.all(event);
        assert_eq!(found.len(), 1, "lines of event '{event}'\n{}", self.describe());
        found[0]
    }

    /// All lines of this event.
    #[must_use]
    pub fn all(&self, event: &str) -> Vec<&Value> {
        self.events.iter().filter(|line| line["event"] == event).collect()
    }

    /// All that was said in words: messages, then the log.
    #[must_use]
    pub fn words(&self) -> String {
        let messages = self.events.iter().filter_map(|line| line["message"].as_str());
        messages.chain([self.stderr.as_str()]).collect::<Vec<_>>().join("\n")
    }

    /// Checks that the words contain each of `parts`.
    ///
    /// # Panics
    /// When one is missing.
    #[must_use]
    pub fn saying(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.words().contains(part), "nothing says '{part}'\n{}", self.describe());
        }
        self
    }

    /// The only deal that was made.
    ///
    /// # Panics
    /// When there is not exactly one.
    #[must_use]
    pub fn deal(&self) -> DealId {
        self.event("deal")["deal"].as_str().and_then(|text| text.parse().ok()).expect("a deal line names its deal")
    }

    /// The only task that has a result.
    ///
    /// # Panics
    /// When there is not exactly one.
    #[must_use]
    pub fn task(&self) -> TaskId {
        self.event("result")["task"].as_str().and_then(|text| text.parse().ok()).expect("a result line names its task")
    }

    /// The verified files, in the order of their tasks.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let files = self.event("finished")["files"].as_array().cloned().unwrap_or_default();
        files.iter().filter_map(Value::as_str).map(PathBuf::from).collect()
    }

    /// Everything, for the text of a failure.
    #[must_use]
    pub fn describe(&self) -> String {
        let lines: Vec<String> = self.events.iter().map(ToString::to_string).collect();
        let text = self.text.join("\n");
        format!("'{}' ended with {}\n{}\n{text}\n--- its log\n{}", self.name, self.code, lines.join("\n"), self.stderr)
    }
}

/// An amount of a JSON line, in nRLC.
///
/// # Panics
/// When `value` is none.
#[must_use]
pub fn amount(value: &Value) -> Amount {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{value} is no amount: {error}"))
}
