//! `BENCHMARKS.md`: prose by people, and between two marks of each bench what was measured last.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// The page, relative to the repository.
const PAGE: &str = "BENCHMARKS.md";

/// Replaces what stands between the marks of `section`.
///
/// # Errors
/// When the page cannot be read or written, or has not exactly one place for the section.
pub(super) fn write(root: &Path, section: &str, text: &str) -> Result<()> {
    let path = root.join(PAGE);
    let old = fs::read_to_string(&path)
        .with_context(|| format!("cannot read {PAGE}: `git checkout -- {PAGE}` brings it back"))?;
    let new = replaced(&old, section, text)?;
    fs::write(&path, new).with_context(|| format!("cannot write {PAGE}"))
}

/// The page with `text` as the section.
pub(super) fn replaced(page: &str, section: &str, text: &str) -> Result<String> {
    let (begin, end) = (format!("<!-- {section}: begin -->\n"), format!("<!-- {section}: end -->\n"));
    let place = page.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    let (before, after) =
        place.with_context(|| format!("{PAGE} has no lines `{}` and `{}`", begin.trim(), end.trim()))?;
    ensure!(!after.contains(&begin), "{PAGE} has more than one place for {section}: leave one");
    Ok(format!("{before}{begin}\n{text}\n{end}{after}"))
}

/// When, on what and of which state of `sources` a figure is.
pub(super) fn origin(root: &Path, sources: &[&str]) -> String {
    let asked = |name: &str, arguments: &[&str]| {
        let output = Command::new(name).args(arguments).current_dir(root).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let date = asked("date", &["-u", "+%Y-%m-%d"]).unwrap_or_else(|| "on an unknown day".to_owned());
    let commit = asked("git", &["rev-parse", "--short=12", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    let changed = asked("git", &[&["status", "--porcelain", "--"], sources].concat());
    let changes = if changed.is_none_or(|files| files.is_empty()) { "" } else { " with changes on top" };
    format!("Measured {date} at commit {commit}{changes}, on {}.", machine())
}

/// Cores, processor and system.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let named = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let processor = named.map_or(std::env::consts::ARCH, |(_, name)| name.trim());
    format!("{cores} cores of {processor}, {}", std::env::consts::OS)
}
