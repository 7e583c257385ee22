//! Files that a user names: only ordinary ones are read, and never more than is wanted.

use std::io::Read as _;
use std::path::Path;

use crate::Error;

/// Reads the ordinary file at `path`, of at most `limit` bytes. A device or a pipe is refused: it may never end.
///
/// # Errors
/// [`Error::Usage`] for anything but a file, or a larger one; [`Error::File`] when it cannot be read.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    let kind = std::fs::metadata(path).map_err(Error::file("read", path))?;
    if !kind.is_file() {
        return Err(Error::Usage(format!("{} is not a file", path.display())));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(Error::file("read", path))?;
    // One byte more than wanted is enough to know.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(Error::file("read", path))?;
    if bytes.len() as u64 > limit {
        return Err(Error::Usage(format!("{} has more than {limit} bytes: is it the right file?", path.display())));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ordinary_files_of_the_right_size_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        assert!(read(&path, 4).unwrap_err().to_string().contains("more than 4 bytes"));
        assert!(read(folder.path(), 4).unwrap_err().to_string().contains("is not a file"));
        assert!(read(Path::new("/dev/zero"), 4).unwrap_err().to_string().contains("is not a file"));
    }
}
