//! The newcomer's first minute.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use e2e::{PATIENCE, Process};

#[test]
fn the_demo_renders_its_frames_and_catches_its_cheater() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("pictures");
    let arguments = ["--json", "demo", "--frames", "4", "--output", output.to_str().expect("a plain name")];
    let arguments = arguments.map(str::to_owned);
    let demo = Process::start("demo", &arguments, &folder.path().join("log")).finish(PATIENCE).ended_with(0);
    assert_eq!(demo.files().len(), 4);
    let sheet = demo.event("pictures")["contact_sheet"].as_str().expect("a path").to_owned();
    let (width, height) = decode(Path::new(&sheet));
    assert!(width >= 320 && height >= 240, "{width} x {height}");
    let cheater = &demo.event("receipt")["cheater"];
    assert!(cheater["worker"].is_string() && cheater["lies"].is_u64(), "{cheater}");
}

/// Width and height of a picture that decodes to its end.
fn decode(path: &Path) -> (u32, u32) {
    let file = BufReader::new(File::open(path).expect("the picture"));
    let mut reader = png::Decoder::new(file).read_info().expect("a PNG header");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a picture of sane size")];
    let info = reader.next_frame(&mut pixels).expect("a whole picture");
    assert!(pixels.windows(2).any(|pair| pair[0] != pair[1]), "more than one colour");
    (info.width, info.height)
}
