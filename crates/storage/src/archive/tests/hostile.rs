//! Archives that somebody made to hurt.

use std::io::Write as _;

use proptest::prelude::*;
use zip::write::SimpleFileOptions;

use super::*;

fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Both readers on `bytes`; they must fail alike and leave nothing behind.
fn refused(bytes: &[u8], limits: &Limits) -> Error {
    let work = output(&[]);
    let zip = work.path().join("r.zip");
    std::fs::write(&zip, bytes).unwrap();
    let error = unpack(&zip, &work.path().join("out"), limits).unwrap_err();
    assert_eq!(std::fs::read_dir(work.path()).unwrap().count(), 1, "nothing is left behind");
    let digest = digest_of_zip(&zip, Subject::Output, limits).unwrap_err();
    assert_eq!(error.to_string(), digest.to_string());
    error
}

fn patched(mut bytes: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    for at in 0..bytes.len() - from.len() {
        if &bytes[at..at + from.len()] == from.as_bytes() {
            bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        }
    }
    bytes
}

#[test]
fn b5_paths_that_lead_outside_are_refused_by_name() {
    let archive = zip_of(&[("aa/bb", b"x"), ("computed.json", b"{}")]);
    for bad in ["../bb", "/aabb", "aa//b", "a/../", "./aab", "aa\\bb", "aa/..", "aa\0bb"] {
        let error = refused(&patched(archive.clone(), "aa/bb", &format!("{bad:x<5}")[..5]), &Limits::default());
        assert!(matches!(error, Error::UnsafePath { .. }), "{bad}: {error}");
    }
}

#[test]
fn a_name_there_twice_or_both_file_and_folder_is_refused() {
    let twice = patched(zip_of(&[("one", b"1"), ("two", b"2")]), "two", "one");
    assert!(matches!(refused(&twice, &Limits::default()), Error::BadArchive { .. }));
    for both in [&[("a", b"1"), ("a/b", b"2")], &[("c/d/e", b"1"), ("c/d", b"2")]] {
        let both: Vec<(&str, &[u8])> = both.iter().map(|(name, content)| (*name, content.as_slice())).collect();
        assert!(matches!(refused(&zip_of(&both), &Limits::default()), Error::UnsafePath { .. }));
    }
}

#[test]
fn a_symbolic_link_in_an_archive_is_refused() {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.add_symlink("way", "/etc", SimpleFileOptions::default()).unwrap();
    let error = refused(&zip.finish().unwrap().into_inner(), &Limits::default());
    assert!(matches!(&error, Error::UnsafePath { path, .. } if path == "way"), "{error}");
}

#[test]
fn a_bomb_is_stopped_at_the_limit() {
    let json = serde_json::to_vec(&at("/iexec_out/zeros")).unwrap();
    let bomb = zip_of(&[("computed.json", &json), ("zeros", &vec![0; 65 << 20])]);
    let limits = Limits { ratio: 10, ..Limits::default() };
    assert!(matches!(refused(&bomb, &limits), Error::TooLarge { .. }));
    let error = refused(&bomb, &Limits { total: 1 << 20, ..Limits::default() });
    assert!(error.to_string().contains("1048576 bytes"), "{error}");
    let many: Vec<String> = (0..20).map(|at| at.to_string()).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
    assert!(matches!(refused(&zip_of(&many), &Limits { entries: 19, ..Limits::default() }), Error::TooLarge { .. }));
}

#[test]
fn a_directory_larger_than_its_limit_is_not_even_parsed() {
    let names: Vec<String> = (0..1_500).map(|at| format!("{at:0>1000}")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
    let error = refused(&zip_of(&many), &Limits { entries: 1, ..Limits::default() });
    assert!(matches!(error, Error::BadArchive { .. } | Error::TooLarge { .. }), "{error}");
}

#[test]
fn changed_content_is_noticed() {
    let json = serde_json::to_vec(&at("/iexec_out/r")).unwrap();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, content) in [("computed.json", json.as_slice()), ("r", b"content")] {
        zip.start_file(name, stored).unwrap();
        zip.write_all(content).unwrap();
    }
    let bytes = zip.finish().unwrap().into_inner();
    assert!(matches!(refused(&patched(bytes, "content", "c0ntent"), &Limits::default()), Error::BadArchive { .. }));
}

#[test]
fn a_folder_that_is_not_empty_is_not_unpacked_into() {
    let work = output(&[("out/mine", "keep"), ("empty/x", "")]);
    std::fs::remove_file(work.path().join("empty/x")).unwrap();
    let zip = work.path().join("r.zip");
    std::fs::write(&zip, zip_of(&[("mine", b"overwritten")])).unwrap();
    assert!(matches!(unpack(&zip, &work.path().join("out"), &Limits::default()), Err(Error::Io { .. })));
    assert_eq!(std::fs::read(work.path().join("out/mine")).unwrap(), b"keep");
    unpack(&zip, &work.path().join("empty"), &Limits::default()).unwrap();
    assert_eq!(std::fs::read(work.path().join("empty/mine")).unwrap(), b"overwritten");
}

#[test]
fn an_archive_without_computed_json_has_no_digest() {
    let work = output(&[]);
    let zip = work.path().join("r.zip");
    std::fs::write(&zip, zip_of(&[("r", b"x")])).unwrap();
    assert!(matches!(digest_of_zip(&zip, Subject::Output, &Limits::default()), Err(Error::Computed { .. })));
}

proptest! {
    #[test]
    fn garbage_and_damaged_archives_never_panic(
        garbage in prop::collection::vec(any::<u8>(), 0..200),
        at in 0_usize..230,
        byte in any::<u8>(),
    ) {
        let mut damaged = zip_of(&[("computed.json", b"{}"), ("d/file", b"hello hello hello")]);
        let at = at % damaged.len();
        damaged[at] = byte;
        let work = output(&[]);
        for (index, bytes) in [garbage, damaged].iter().enumerate() {
            let zip = work.path().join(format!("{index}.zip"));
            std::fs::write(&zip, bytes).unwrap();
            drop(digest_of_zip(&zip, Subject::Output, &Limits::default()));
            drop(unpack(&zip, &work.path().join(index.to_string()), &Limits::default()));
            drop(ComputedFile::parse(bytes));
            drop(ResultLink::parse(bytes));
        }
    }
}
