//! Where the program under test is: beside the tests, or where FAIRGRID_BIN says.

use std::path::PathBuf;

/// Names another binary than the one that was built with the tests.
const VARIABLE: &str = "FAIRGRID_BIN";

/// The program under test.
///
/// # Panics
/// When it does not exist: says how to get it.
#[must_use]
pub fn fairgrid() -> PathBuf {
    if let Some(named) = std::env::var_os(VARIABLE) {
        let path = PathBuf::from(named);
        assert!(path.is_file(), "{VARIABLE} names {}, which is no file", path.display());
        return path;
    }
    // Tests lie in `deps`, one folder below the binaries of the same profile.
    let own = std::env::current_exe().expect("a running test has a path");
    let path = own.ancestors().nth(2).expect("tests lie two folders deep at least").join("fairgrid");
    assert!(
        path.is_file(),
        "there is no {}: 'cargo build -p fairgrid' makes it, 'cargo test --workspace' too; or set {VARIABLE}",
        path.display()
    );
    path
}
