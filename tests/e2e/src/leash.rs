//! A leash: what it holds ends with the test, also when the test is killed and runs no destructor.
//!
//! A small shell waits on a pipe whose other end only the test holds. The system closes that end whenever the test
//! ends, however it ends; then the shell kills the process and removes the folder that it was told.

use std::path::Path;
use std::process::{Child, Command, Stdio};

const SCRIPT: &str = r#"read -r nothing; [ -z "$1" ] || kill -9 "$1" 2>/dev/null; [ -z "$2" ] || rm -rf -- "$2""#;

/// The watching shell.
pub(crate) struct Leash(Child);

impl Leash {
    /// Kills process `id` when the test ends.
    pub(crate) fn process(id: u32) -> Self {
        Self::tie(&id.to_string(), "")
    }

    /// Removes `folder` when the test ends.
    pub(crate) fn folder(folder: &Path) -> Self {
        Self::tie("", folder.to_str().expect("temporary folders have plain names"))
    }

    fn tie(process: &str, folder: &str) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT, "leash", process, folder]).stdin(Stdio::piped());
        shell.stdout(Stdio::null()).stderr(Stdio::null());
        Self(shell.spawn().expect("a shell is needed to guard the processes of a test"))
    }

    /// Unties: call once the process has been waited for, before its id can be given to another one.
    pub(crate) fn untie(&mut self) {
        // It may have ended already: then there is nothing to stop.
        let _already_gone = self.0.kill();
        let _already_reaped = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    #[test]
    fn what_a_dead_test_leaves_behind_is_killed_and_removed() {
        let mut sleeper = Command::new("sleep").arg("600").spawn().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut leash = Leash::tie(&sleeper.id().to_string(), folder.path().to_str().unwrap());
        // What the system does when the test is gone.
        drop(leash.0.stdin.take());
        assert_eq!(sleeper.wait().unwrap().signal(), Some(9));
        leash.0.wait().unwrap();
        assert!(!folder.path().exists());
    }

    #[test]
    fn an_untied_process_lives_on() {
        let mut sleeper = Command::new("sleep").arg("600").spawn().unwrap();
        let mut leash = Leash::process(sleeper.id());
        leash.untie();
        assert!(sleeper.try_wait().unwrap().is_none());
        sleeper.kill().unwrap();
        sleeper.wait().unwrap();
    }
}
