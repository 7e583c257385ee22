//! Folders for one job, thrown away at the end.

use std::path::{Path, PathBuf};
use std::time::Duration;

use runtime::Stop;
use tempfile::TempDir;

use crate::{App, Error, Exit, Job, Limits, Sandbox};

/// A job in folders of its own, with limits that a test can wait for.
#[derive(Debug)]
pub struct Bench {
    around: TempDir,
    /// What will run; change it at will.
    pub job: Job,
}

impl Bench {
    /// `app` with `args`: 30 s, 20 G fuel, 64 MiB memory, 1 MiB disk, 20 files.
    ///
    /// # Panics
    /// When the folders cannot be made.
    #[must_use]
    pub fn new(app: App, args: &[&str]) -> Self {
        let around = tempfile::tempdir().expect("a folder for the test");
        let (input, output) = (around.path().join("in"), around.path().join("out"));
        for folder in [&input, &output] {
            std::fs::create_dir(folder).expect("a folder for the job");
        }
        let limits = Limits {
            wall: Duration::from_secs(30),
            fuel: 20_000_000_000,
            memory: 64 << 20,
            disk: 1 << 20,
            files: 20,
            ..Limits::default()
        };
        let name = format!("test-{}", around.path().file_name().unwrap_or_default().to_string_lossy().replace('.', ""));
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        let job = Job { app, args, env: vec![], input, output, name, limits, seed: [7; 32] };
        Self { around, job }
    }

    /// Runs the job, unstopped.
    ///
    /// # Errors
    /// As [`Sandbox::run`].
    pub async fn run(&self, sandbox: &dyn Sandbox) -> Result<Exit, Error> {
        sandbox.run(&self.job, Stop::never()).await
    }

    /// Writes a file into the input folder.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn give(&self, name: &str, content: &[u8]) {
        std::fs::write(self.job.input.join(name), content).expect("an input file");
    }

    /// A file of the output as text; `None` when there is none.
    #[must_use]
    pub fn result(&self, name: &str) -> Option<String> {
        std::fs::read(self.job.output.join(name)).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Every file and folder below the output, sorted, with sizes of files.
    ///
    /// # Panics
    /// When the folder cannot be read.
    #[must_use]
    pub fn outputs(&self) -> Vec<(PathBuf, u64)> {
        let mut found = Vec::new();
        collect(&self.job.output, &mut found);
        let mut found: Vec<_> =
            found.into_iter().map(|(path, size)| (relative(&path, &self.job.output), size)).collect();
        found.sort();
        found
    }

    /// What lies beside the job's two folders: nothing, if the app stayed inside.
    ///
    /// # Panics
    /// When the folder cannot be read.
    #[must_use]
    pub fn strays(&self) -> Vec<PathBuf> {
        let beside = std::fs::read_dir(self.around.path()).expect("the test's folder");
        let beside = beside.map(|entry| entry.expect("an entry").path());
        beside.filter(|path| *path != self.job.input && *path != self.job.output).collect()
    }
}

fn relative(path: &Path, base: &Path) -> PathBuf {
    path.strip_prefix(base).unwrap_or(path).to_owned()
}

fn collect(folder: &Path, found: &mut Vec<(PathBuf, u64)>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the output") {
        let entry = entry.expect("an entry");
        let about = entry.metadata().expect("its metadata");
        found.push((entry.path(), if about.is_file() { about.len() } else { 0 }));
        if about.is_dir() {
            collect(&entry.path(), found);
        }
    }
}
