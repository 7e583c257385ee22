//! B4: what is packed has the digest of the folder, and comes out as it went in.

use proptest::prelude::*;

use super::*;

const JSON: &str = r#"{"deterministic-output-path":"/iexec_out/result.txt"}"#;

#[test]
fn packing_is_deterministic_and_lists_files_only_in_order() {
    let files = [("computed.json", JSON), ("result.txt", "hello"), ("b/c", "x"), ("b/a", ""), ("a b", "é")];
    let (one, other, zips) = (output(&files), output(&files), output(&[]));
    std::fs::create_dir(other.path().join("empty-folder")).unwrap();
    let paths = [zips.path().join("1.zip"), zips.path().join("2.zip")];
    let size = pack(one.path(), &paths[0], &Limits::default()).unwrap();
    pack(other.path(), &paths[1], &Limits::default()).unwrap();
    let bytes = std::fs::read(&paths[0]).unwrap();
    assert_eq!(bytes.len() as u64, size);
    assert_eq!(bytes, std::fs::read(&paths[1]).unwrap());
    let archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let names: Vec<_> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    assert_eq!(names, ["a b", "b/a", "b/c", "computed.json", "result.txt"]);
    assert_eq!(digest_of_zip(&paths[0], Subject::Output, &Limits::default()).unwrap(), HELLO);
}

#[test]
fn a_link_is_packed_as_an_empty_entry_never_as_what_it_points_at() {
    let (folder, zips) = (output(&[("computed.json", JSON), ("result.txt", "hello")]), output(&[]));
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).unwrap();
    let zip = zips.path().join("r.zip");
    pack(folder.path(), &zip, &Limits::default()).unwrap();
    unpack(&zip, &zips.path().join("out"), &Limits::default()).unwrap();
    let link = zips.path().join("out/link");
    assert!(link.symlink_metadata().unwrap().is_file() && std::fs::read(link).unwrap().is_empty());
}

#[test]
fn a_result_over_the_limits_is_not_packed() {
    let (folder, zips) = (output(&[("a", "12345"), ("b", "67890"), ("c/d", "x")]), output(&[]));
    let zip = zips.path().join("r.zip");
    let limits = Limits::default();
    for limits in [Limits { entries: 3, ..limits }, Limits { total: 10, ..limits }] {
        let error = pack(folder.path(), &zip, &limits).unwrap_err();
        assert!(matches!(error, Error::TooLarge { .. }), "{error}");
        assert_eq!(std::fs::read_dir(zips.path()).unwrap().count(), 0, "no half archive");
    }
    pack(folder.path(), &zip, &Limits { entries: 4, total: 11, ..limits }).unwrap();
}

fn tree() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let name = prop::sample::select(vec!["a", "b", "é", "z.txt", "result", "Ω x"]);
    // Folders and files have names that never meet, so every set of paths is a tree.
    let path = (prop::collection::vec(prop::sample::select(vec!["d", "e"]), 0..3), name)
        .prop_map(|(folders, name)| folders.into_iter().chain([name]).collect::<Vec<_>>().join("/"));
    prop::collection::vec((path, prop::collection::vec(any::<u8>(), 0..300)), 0..12)
}

proptest! {
    #[test]
    fn b4_a_packed_result_has_the_digest_of_its_folder(
        files in tree(),
        declared in prop::sample::select(vec!["", "/", "/d", "/d/e", "/a", "/result", "/d/é", "/computed.json"]),
    ) {
        let folder = output(&[]);
        for (path, content) in &files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let json = serde_json::to_vec(&at(&format!("/iexec_out{declared}"))).unwrap();
        std::fs::write(folder.path().join("computed.json"), json).unwrap();
        let work = output(&[]);
        let (zip, out) = (work.path().join("r.zip"), work.path().join("out"));
        pack(folder.path(), &zip, &Limits::default()).unwrap();
        unpack(&zip, &out, &Limits::default()).unwrap();
        let computed = ComputedFile::read(&out).unwrap();
        // What is missing is an error only where folders can be told from nothing.
        if let Ok(expected) = digest_of_output(folder.path(), &computed, Subject::Output) {
            prop_assert_eq!(digest_of_zip(&zip, Subject::Output, &Limits::default()).unwrap(), expected);
            prop_assert_eq!(digest_of_output(&out, &computed, Subject::Output).unwrap(), expected);
        }
    }
}
