//! Why there is no ordinary result: everyone's trouble becomes an error result that workers agree on; this machine's
//! becomes a failed replicate. Texts of the first kind must not name paths, times or machines.

use std::io::ErrorKind;

use crate::Cause;

/// First line of every error result. Source: `offchain.md` 3.12.
const HEADLINE: &str = "[IEXEC] Errors occurred";

/// What every honest worker meets alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    /// The code.
    pub(crate) cause: Cause,
    /// What happened, in one line.
    pub(crate) what: String,
    /// What its reader should do.
    pub(crate) next: &'static str,
}

/// Why there is no ordinary result.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The same for every worker: contributed as an error result.
    Everyones(Complaint),
    /// This machine's: reported, not contributed.
    Mine {
        /// The code.
        cause: Cause,
        /// In words.
        message: String,
    },
    /// A stop was requested.
    Stopped,
}

impl Trouble {
    pub(crate) fn everyones(cause: Cause, what: impl Into<String>, next: &'static str) -> Self {
        Self::Everyones(Complaint { cause, what: what.into(), next })
    }

    pub(crate) fn mine(cause: Cause, message: impl Into<String>) -> Self {
        Self::Mine { cause, message: message.into() }
    }

    /// What the operating system refused this worker.
    pub(crate) fn disk(cause: Cause, action: &str, error: &std::io::Error) -> Self {
        let message = match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                format!("this worker's disk is full: cannot {action}; free some space, other tasks go on")
            }
            _ => format!("this worker cannot {action}: {error}"),
        };
        Self::Mine { cause, message }
    }
}

impl Complaint {
    /// The text of `error.txt`: a function of the complaint alone.
    pub(crate) fn text(&self) -> String {
        // An app, or its author, chose parts of it: one line, no control characters.
        let what: String = self.what.chars().map(|c| if c.is_control() { ' ' } else { c }).take(1_000).collect();
        format!("{HEADLINE}\n{}: {what}\nNext: {}\n", self.cause, self.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_result_has_its_headline_its_code_and_the_next_step() {
        let what = "the app ended with exit code 3\nand more";
        let complaint = Complaint { cause: Cause::AppComputeFailed, what: what.to_owned(), next: "mend it" };
        let expected = "[IEXEC] Errors occurred\nAPP_COMPUTE_FAILED: the app ended with exit code 3 and more\n\
                        Next: mend it\n";
        assert_eq!(complaint.text(), expected);
    }

    #[test]
    fn a_full_disk_is_said_in_words() {
        let full = std::io::Error::from(ErrorKind::StorageFull);
        let Trouble::Mine { message, .. } = Trouble::disk(Cause::Unknown, "write the result", &full) else { panic!() };
        assert!(message.contains("disk is full"), "{message}");
    }
}
