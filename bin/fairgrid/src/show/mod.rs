//! What people and programs see: results on standard output, everything else on standard error.

mod board;
mod picture;
mod receipt;

use std::io::{IsTerminal as _, Write as _};

use indicatif::MultiProgress;
use sdk::Outcome;
use serde::Serialize;
use serde_json::{Value, json};

pub(crate) use board::Board;
pub(crate) use picture::{contact_sheet, film};
pub(crate) use receipt::{receipt_lines, short, span_lines};

/// Version of the JSON lines' envelope: `{"v": 1, "event": name, …}`.
const ENVELOPE: u32 = 1;

/// Prints text for people, or JSON lines for programs.
#[derive(Debug)]
pub(crate) struct Printer {
    pub(crate) json: bool,
    draws: bool,
    progress: MultiProgress,
}

impl Printer {
    /// Text, unless `json`. It draws when standard error is a terminal.
    #[must_use]
    pub(crate) fn new(json: bool) -> Self {
        let draws = !json && std::io::stderr().is_terminal();
        Self { json, draws, progress: MultiProgress::new() }
    }

    /// Whether lines may be drawn over.
    #[must_use]
    pub(crate) fn draws(&self) -> bool {
        self.draws
    }

    /// Where drawn lines live.
    #[must_use]
    pub(crate) fn progress(&self) -> &MultiProgress {
        &self.progress
    }

    /// A result: `text` for people, `event` with `fields` for programs.
    pub(crate) fn result(&self, event: &str, fields: impl Serialize, text: impl AsRef<str>) {
        let line = if self.json { envelope(event, fields) } else { text.as_ref().to_owned() };
        self.write(&line, false);
    }

    /// Something on the way to a result: people see it on standard error.
    pub(crate) fn note(&self, event: &str, fields: impl Serialize, text: impl AsRef<str>) {
        if self.json {
            self.write(&envelope(event, fields), false);
        } else {
            self.write(text.as_ref(), true);
        }
    }

    /// An event that only programs see: people have it drawn already.
    pub(crate) fn event(&self, event: &str, fields: impl Serialize) {
        if self.json {
            self.write(&envelope(event, fields), false);
        }
    }

    /// A failure with its cause and the exit code it leads to.
    pub(crate) fn error(&self, error: &anyhow::Error, outcome: Outcome) {
        let text = describe(error);
        if self.json {
            self.write(&envelope("error", json!({ "message": text, "exit_code": outcome as u8 })), false);
        } else {
            self.write(&format!("error: {text}"), true);
        }
    }

    fn write(&self, line: &str, to_stderr: bool) {
        self.progress.suspend(|| {
            // A reader that went away (`| head`) is no failure of ours.
            let _gone =
                if to_stderr { writeln!(std::io::stderr(), "{line}") } else { writeln!(std::io::stdout(), "{line}") };
        });
    }
}

fn envelope(event: &str, fields: impl Serialize) -> String {
    let mut object = json!({ "v": ENVELOPE, "event": event });
    match serde_json::to_value(fields) {
        Ok(Value::Object(fields)) => object.as_object_mut().expect("built as an object above").extend(fields),
        Ok(Value::Null) => {}
        Ok(other) => object["data"] = other,
        Err(error) => object["data"] = Value::String(format!("cannot be written as JSON: {error}")),
    }
    object.to_string()
}

/// The error with those of its causes that add something.
fn describe(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&cause);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_lines_have_one_envelope() {
        assert_eq!(envelope("done", json!({"a": 1})), r#"{"a":1,"event":"done","v":1}"#);
        assert_eq!(envelope("done", ()), r#"{"event":"done","v":1}"#);
        assert_eq!(envelope("done", [1]), r#"{"data":[1],"event":"done","v":1}"#);
    }

    #[test]
    fn causes_are_told_once() {
        let error = anyhow::anyhow!("the disk is full").context("cannot write x: the disk is full");
        assert_eq!(describe(&error), "cannot write x: the disk is full");
        let error = anyhow::anyhow!("no space").context("cannot write x");
        assert_eq!(describe(&error), "cannot write x: no space");
    }
}
