//! What a result is, on disk and packed.

mod hostile;
mod packed;

use std::path::Path;

use alloy_primitives::{B256, b256, keccak256};

use super::*;
use crate::{Error, address};

fn output(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    folder
}

fn at(path: &str) -> ComputedFile {
    ComputedFile { deterministic_output_path: Some(path.to_owned()), ..ComputedFile::default() }
}

fn digest(folder: &Path, path: &str) -> Result<B256, Error> {
    digest_of_output(folder, &at(path), Subject::Output)
}

/// sha2-256 of `hello`.
const HELLO: B256 = b256!("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
const EMPTY: B256 = b256!("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");

#[test]
fn digests_are_those_of_the_specification() {
    let folder = output(&[("result.txt", "hello"), ("d/b.txt", "b"), ("d/a.txt", "a"), ("e/empty", "")]);
    assert_eq!(digest(folder.path(), "/iexec_out/result.txt").unwrap(), HELLO);
    let of_folder = b256!("9357c59d3ff5027438ddab3b1655da04ba890e0a43fac9d9568f78941d4b5a1f");
    for path in ["/iexec_out/d", "/iexec_out/d/", "/iexec_out//./d"] {
        assert_eq!(digest(folder.path(), path).unwrap(), of_folder, "{path}");
    }
    assert_eq!(digest(folder.path(), "/iexec_out/e/empty").unwrap(), EMPTY);
    assert_eq!(digest(folder.path(), "/iexec_out/e").unwrap(), keccak256(EMPTY));
    // Folders inside a folder count for nothing, so the output folder itself is its one file.
    assert_eq!(digest(folder.path(), "/iexec_out").unwrap(), keccak256(HELLO));
    std::fs::create_dir(folder.path().join("nothing")).unwrap();
    assert_eq!(digest(folder.path(), "/iexec_out/nothing").unwrap(), keccak256(""));
}

#[test]
fn the_callback_digest_is_over_bytes_not_text() {
    let data = format!("0x{:064x}", 42);
    let computed = ComputedFile { callback_data: Some(data), ..ComputedFile::default() };
    let expected = b256!("beced09521047d05b8960b7e7bcc1d1292cf3e4b2a6b63f48335cbde5f7545d2");
    assert_eq!(digest_of_output(Path::new("."), &computed, Subject::Callback).unwrap(), expected);
    for bad in [None, Some(""), Some("0x"), Some("0x1"), Some("42 apples")] {
        let computed = ComputedFile { callback_data: bad.map(str::to_owned), ..at("/iexec_out/x") };
        let error = digest_of_output(Path::new("."), &computed, Subject::Callback).unwrap_err();
        assert!(matches!(error, Error::Computed { .. }), "{bad:?}: {error}");
    }
}

#[test]
fn b5_no_declared_path_leads_outside() {
    let folder = output(&[("inside/a", "a"), ("inside/b", "b")]);
    let secret = output(&[("secret", "s")]);
    for path in
        ["/iexec_out/../secret", "/iexec_out/inside/../../x", "/etc/passwd", "/", "iexec_out/inside", "/iexec_outside"]
    {
        let error = digest(folder.path(), path).unwrap_err();
        assert!(matches!(error, Error::UnsafePath { .. }), "{path}: {error}");
    }
    std::os::unix::fs::symlink(secret.path(), folder.path().join("way")).unwrap();
    std::os::unix::fs::symlink(secret.path().join("secret"), folder.path().join("inside/link")).unwrap();
    for path in ["/iexec_out/way", "/iexec_out/way/secret", "/iexec_out/inside/link", "/iexec_out/inside", "/iexec_out"]
    {
        let error = digest(folder.path(), path).unwrap_err();
        assert!(matches!(error, Error::UnsafePath { .. }), "{path}: {error}");
    }
    assert!(digest(folder.path(), "/iexec_out/inside").unwrap_err().to_string().contains("inside/link"));
}

#[test]
fn a_missing_result_is_said_with_its_path() {
    let folder = output(&[("file", "x")]);
    for path in ["/iexec_out/nope", "/iexec_out/file/below"] {
        let error = digest(folder.path(), path).unwrap_err();
        assert!(matches!(error, Error::Computed { .. }), "{error}");
    }
    let nothing = digest_of_output(folder.path(), &ComputedFile::default(), Subject::Output).unwrap_err();
    assert!(nothing.to_string().contains("deterministic-output-path is missing"), "{nothing}");
}

#[test]
fn a_pipe_in_the_output_hangs_nobody() {
    let folder = output(&[("d/a", "hello")]);
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("d/pipe")).status().unwrap();
    assert!(made.success());
    assert_eq!(digest(folder.path(), "/iexec_out/d").unwrap(), keccak256(HELLO));
    assert!(matches!(digest(folder.path(), "/iexec_out/d/pipe"), Err(Error::Computed { .. })));
    let zip = folder.path().with_extension("zip");
    pack(folder.path(), &zip, &Limits::default()).unwrap();
    std::fs::remove_file(zip).unwrap();
}

#[test]
fn computed_json_is_read_leniently_and_written_in_its_keys() {
    let text =
        r#"{"deterministic-output-path":"/iexec_out/r","error-message":"why","unknown":[1],"callback-data":null}"#;
    let computed = ComputedFile::parse(text.as_bytes()).unwrap();
    assert_eq!(computed, ComputedFile { error_message: Some("why".to_owned()), ..at("/iexec_out/r") });
    let again = serde_json::to_string(&computed).unwrap();
    assert_eq!(again, r#"{"deterministic-output-path":"/iexec_out/r","error-message":"why"}"#);
    for bad in ["", "[]", "{", "null", r#"{"callback-data":7}"#] {
        assert!(matches!(ComputedFile::parse(bad.as_bytes()), Err(Error::Computed { .. })), "{bad}");
    }
}

#[test]
fn computed_json_must_be_a_regular_file_of_sane_size() {
    let folder = output(&[]);
    assert!(ComputedFile::read(folder.path()).unwrap_err().to_string().contains("missing"));
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("computed.json")).unwrap();
    assert!(ComputedFile::read(folder.path()).unwrap_err().to_string().contains("regular"));
    std::fs::remove_file(folder.path().join("computed.json")).unwrap();
    std::fs::write(folder.path().join("computed.json"), vec![b' '; (1 << 20) + 1]).unwrap();
    assert!(ComputedFile::read(folder.path()).unwrap_err().to_string().contains("1 MiB"));
}

#[test]
fn names_over_31_characters_are_refused_wherever_they_lie() {
    let (longest, too_long) = ("x".repeat(31), "é".repeat(32));
    let folder =
        output(&[(&longest, ""), (&format!("{}/deep/{longest}", "long-folder-names-are-fine-".repeat(3)), "")]);
    check_names(folder.path(), &Limits::default()).unwrap();
    std::fs::write(folder.path().join(&too_long), "").unwrap();
    let error = check_names(folder.path(), &Limits::default()).unwrap_err();
    assert!(matches!(&error, Error::LongName { path } if *path == too_long), "{error}");
}

#[test]
fn a_result_link_is_written_exactly_and_read_leniently() {
    let cid = address::parse("QmWfVY9y3xjsixTgbd9AorQxH7VtMpzfx2HaWtsoUYecaX").unwrap();
    let link = ResultLink::ipfs(&cid);
    let text = r#"{ "storage": "ipfs", "location": "/ipfs/QmWfVY9y3xjsixTgbd9AorQxH7VtMpzfx2HaWtsoUYecaX" }"#;
    assert_eq!(link.to_string(), text);
    let other = r#"{"location":"/ipfs/QmWfVY9y3xjsixTgbd9AorQxH7VtMpzfx2HaWtsoUYecaX","storage":"ipfs","more":1}"#;
    for text in [text, other] {
        assert_eq!(ResultLink::parse(text.as_bytes()).unwrap().cid().unwrap(), cid);
    }
    assert!(ResultLink::parse(br#"{"storage":"dropbox","location":"/results/0x1"}"#).unwrap().cid().is_err());
    assert!(matches!(ResultLink::parse(br#"{"storage":"none"}"#).unwrap().cid(), Err(Error::BadLink { .. })));
    for bad in ["", "0x", "[]", r#"["ipfs","x"]"#, r#"{"location":"x"}"#] {
        assert!(matches!(ResultLink::parse(bad.as_bytes()), Err(Error::BadLink { .. })), "{bad}");
    }
}
