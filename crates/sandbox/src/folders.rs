//! The job's two folders: what must hold of them before an app may see them.

use std::path::Path;

use crate::{Error, Job};

/// # Errors
/// [`Error::Machine`] when a folder cannot be read; [`Error::BadJob`] when the output folder is not empty: what an
/// earlier run left must not become part of this one's result.
pub(crate) fn check(job: &Job) -> Result<(), Error> {
    list(&job.input)?;
    if list(&job.output)?.next().is_some() {
        return Err(Error::BadJob { job: job.name.clone(), problem: "its output folder is not empty".into() });
    }
    Ok(())
}

fn list(folder: &Path) -> Result<std::fs::ReadDir, Error> {
    std::fs::read_dir(folder).map_err(Error::machine("list", folder))
}
