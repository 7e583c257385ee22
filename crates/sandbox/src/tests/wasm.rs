//! The wasm sandbox: its contract, its determinism, its limits to the byte.

use std::path::{Path, PathBuf};
use std::time::Duration;

use runtime::SystemClock;
use sha2::{Digest as _, Sha256};

use crate::testing::{Behaviour, Bench, suite};
use crate::{App, Error, Exit, Limit, Outcome, Wasm, WasmConfig};

pub(super) fn sandbox() -> Wasm {
    Wasm::new(&WasmConfig::default(), SystemClock::shared()).unwrap()
}

fn dapp(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dapps").join(name).join(name).with_extension("wasm")
}

pub(super) fn app(path: &Path) -> App {
    App::Wasm { path: path.to_owned(), digest: Sha256::digest(std::fs::read(path).unwrap()).into() }
}

fn misbehave(args: &[&str]) -> Bench {
    Bench::new(app(&dapp("misbehave")), args)
}

async fn run(bench: &Bench) -> Exit {
    bench.run(&sandbox()).await.unwrap()
}

#[tokio::test]
async fn the_wasm_sandbox_keeps_the_contract() {
    suite(&sandbox(), |behaviour| {
        let act = match behaviour {
            Behaviour::WriteResult => "good",
            Behaviour::ExitWith7 => "exit-7",
            Behaviour::Loop => "loop",
            Behaviour::EatMemory => "eat-memory",
            Behaviour::WriteMuch => "write-much",
            Behaviour::ManyFiles => "many-files",
            Behaviour::Chatter => "chatter",
            Behaviour::Escape => "escape",
        };
        (app(&dapp("misbehave")), vec![act.into()])
    })
    .await;
}

#[tokio::test]
async fn same_job_same_output_exit_and_fuel() {
    let mut seen = Vec::new();
    for _ in 0..2 {
        let bench = misbehave(&["random"]);
        for name in ["zebra", "ant", "mole"] {
            bench.give(name, name.as_bytes());
        }
        let exit = run(&bench).await;
        assert_eq!(exit.outcome, Outcome::Exited { code: 0 }, "{exit:?}");
        seen.push((bench.result("result.txt").unwrap(), exit.usage.fuel, exit.usage.peak_memory));
    }
    assert_eq!(seen[0], seen[1]);
    let text = &seen[0].0;
    assert!(text.contains("\n946684800."), "the clock starts in 2000: {text}");
    assert!(text.contains("ant\nmole\nzebra\n"), "listings are sorted: {text}");
}

#[tokio::test]
async fn another_seed_gives_other_randomness() {
    let mut other = misbehave(&["random"]);
    other.job.seed = [8; 32];
    let first = misbehave(&["random"]);
    run(&first).await;
    run(&other).await;
    let random = |bench: &Bench| bench.result("result.txt").unwrap().lines().next().unwrap().to_owned();
    assert_ne!(random(&first), random(&other));
}

#[tokio::test]
async fn a_writer_without_end_is_stopped_at_the_last_byte_of_its_limit() {
    for disk in [0, 1, 65_535, 65_537, 1_000_003] {
        let mut bench = misbehave(&["write-much"]);
        bench.job.limits.disk = disk;
        let exit = run(&bench).await;
        assert_eq!((exit.outcome, exit.usage.written), (Outcome::LimitHit(Limit::Disk), disk));
        assert_eq!(bench.outputs(), [(PathBuf::from("much.bin"), disk)]);
    }
}

#[tokio::test]
async fn a_creator_of_files_is_stopped_at_its_limit() {
    let bench = misbehave(&["many-files"]);
    assert_eq!(run(&bench).await.outcome, Outcome::LimitHit(Limit::Files));
    assert_eq!(bench.outputs().len(), 20);
}

#[tokio::test]
async fn fuel_ends_a_loop_at_the_same_instruction_everywhere() {
    let mut bench = misbehave(&["loop"]);
    bench.job.limits.fuel = 5_000_000;
    let exit = run(&bench).await;
    assert_eq!((exit.outcome, exit.usage.fuel), (Outcome::LimitHit(Limit::Fuel), Some(5_000_000)));
}

#[tokio::test]
async fn memory_never_passes_its_limit() {
    let exit = run(&misbehave(&["eat-memory"])).await;
    assert_eq!(exit.outcome, Outcome::LimitHit(Limit::Memory));
    let peak = exit.usage.peak_memory.unwrap();
    assert!((60 << 20..=64 << 20).contains(&peak), "{peak}");
}

#[tokio::test]
async fn a_trap_is_told_in_the_same_words_everywhere() {
    let exit = run(&misbehave(&["trap"])).await;
    assert_eq!(exit.outcome, Outcome::Trapped("unreachable code reached (abort)".into()));
}

#[tokio::test]
async fn every_way_out_is_refused() {
    let bench = misbehave(&["escape"]);
    bench.give("secret", b"kept");
    assert_eq!(run(&bench).await.outcome, Outcome::Exited { code: 0 });
    let report = bench.result("result.txt").unwrap();
    assert_eq!(report.lines().count(), 8);
    assert!(report.lines().all(|line| line.ends_with(": refused")), "{report}");
}

#[tokio::test]
async fn files_behave_as_c_programs_expect() {
    let bench = misbehave(&["files"]);
    let exit = run(&bench).await;
    assert_eq!((exit.outcome, exit.stdout.as_str()), (Outcome::Exited { code: 0 }, ""));
    assert_eq!(bench.outputs(), [("a".into(), 0), ("a/g".into(), 6)]);
}

#[tokio::test]
async fn echo_shows_arguments_environment_and_nothing_of_this_process() {
    let mut bench = Bench::new(app(&dapp("echo")), &["hello", "big world"]);
    bench.job.env.push(("IEXEC_TASK_INDEX".into(), "3".into()));
    assert_eq!(run(&bench).await.outcome, Outcome::Exited { code: 0 });
    assert_eq!(bench.result("result.txt").unwrap(), "hello big world\ntask 3\n");
}

#[tokio::test]
async fn a_frame_is_a_picture_and_another_frame_another_one() {
    let mut frames = Vec::new();
    for index in ["4", "5"] {
        let mut bench = Bench::new(app(&dapp("raytracer")), &["--width", "64", "--height", "48"]);
        let env = [("IEXEC_BOT_SIZE", "8"), ("IEXEC_BOT_FIRST_INDEX", "4"), ("IEXEC_BOT_TASK_INDEX", index)];
        bench.job.env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let exit = run(&bench).await;
        assert_eq!(exit.outcome, Outcome::Exited { code: 0 }, "{exit:?}");
        frames.push(std::fs::read(bench.job.output.join("frame.png")).unwrap());
    }
    assert!(frames.iter().all(|frame| frame.starts_with(b"\x89PNG")));
    assert_ne!(frames[0], frames[1]);
}

#[tokio::test]
async fn words_are_counted_from_files_and_arguments() {
    let mut bench = Bench::new(app(&dapp("wordcount")), &["The", "end"]);
    bench.give("one", "the cat; the Dog's bone".as_bytes());
    bench.give("two", "dog's CAT\n".as_bytes());
    let env =
        [("IEXEC_INPUT_FILES_NUMBER", "2"), ("IEXEC_INPUT_FILE_NAME_1", "one"), ("IEXEC_INPUT_FILE_NAME_2", "two")];
    bench.job.env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    assert_eq!(run(&bench).await.outcome, Outcome::Exited { code: 0 });
    assert_eq!(bench.result("result.txt").unwrap(), "3 the\n2 cat\n2 dog's\n1 bone\n1 end\n");
}

#[tokio::test]
async fn a_median_is_written_for_people_and_as_a_word_for_contracts() {
    let mut bench = Bench::new(app(&dapp("median")), &["--decimals", "2", "-7.5", "12.25"]);
    bench.give("prices", b"99.75 100\n");
    bench.job.env = [("IEXEC_INPUT_FILES_NUMBER", "1"), ("IEXEC_INPUT_FILE_NAME_1", "prices")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    assert_eq!(run(&bench).await.outcome, Outcome::Exited { code: 0 });
    assert_eq!(bench.result("result.txt").unwrap(), "56.00\n");
    for (args, text, word) in [
        (&["3", "1", "2"][..], "2\n", format!("{:064x}", 2)),
        (&["-3"], "-3\n", format!("{}d", "f".repeat(63))),
        (&["--decimals", "2", "-0.05"], "-0.05\n", format!("{}fb", "f".repeat(62))),
        (
            &["4611686018427387903", "4611686018427387903"],
            "4611686018427387903\n",
            format!("{:064x}", (1_u64 << 62) - 1),
        ),
    ] {
        let bench = Bench::new(app(&dapp("median")), args);
        assert_eq!(run(&bench).await.outcome, Outcome::Exited { code: 0 }, "{args:?}");
        assert_eq!(bench.result("result.txt").unwrap(), text);
        let computed = format!(r#"{{"deterministic-output-path":"/iexec_out/result.txt","callback-data":"0x{word}"}}"#);
        assert_eq!(bench.result("computed.json").unwrap(), computed);
    }
}

#[tokio::test]
async fn a_median_of_anything_but_numbers_fails() {
    for args in [
        &[][..],
        &["seven"],
        &["1.5"],
        &["--decimals", "19", "1"],
        &["--decimals"],
        &["4611686018427387904"],
        &["--decimals", "18", "5"],
        &["-"],
        &["."],
        &["1e3"],
    ] {
        let bench = Bench::new(app(&dapp("median")), args);
        assert_eq!(run(&bench).await.outcome, Outcome::Exited { code: 2 }, "{args:?}");
        assert!(bench.result("computed.json").is_none(), "{args:?}");
    }
}

#[tokio::test]
async fn time_is_the_clocks_that_was_given() {
    let clock = runtime::clock::ManualClock::new(Duration::ZERO);
    let sandbox = Wasm::new(&WasmConfig::default(), std::sync::Arc::new(clock.clone())).unwrap();
    let mut bench = misbehave(&["loop"]);
    bench.job.limits.fuel = u64::MAX;
    let turn = async {
        loop {
            tokio::time::sleep(Duration::from_millis(5)).await;
            clock.advance(Duration::from_secs(1));
        }
    };
    tokio::select! {
        exit = bench.run(&sandbox) => assert_eq!(exit.unwrap().outcome, Outcome::LimitHit(Limit::Wall)),
        () = turn => unreachable!(),
    }
}

#[tokio::test]
async fn jobs_beside_each_other_are_stopped_alone() {
    let sandbox = sandbox();
    let mut short = misbehave(&["loop"]);
    short.job.limits.fuel = u64::MAX;
    short.job.limits.wall = Duration::from_millis(200);
    let long = Bench::new(app(&dapp("raytracer")), &["--width", "200", "--height", "200"]);
    let (short, long) = futures_util::future::join(short.run(&sandbox), long.run(&sandbox)).await;
    assert_eq!(short.unwrap().outcome, Outcome::LimitHit(Limit::Wall));
    assert_eq!(long.unwrap().outcome, Outcome::Exited { code: 0 });
}

#[tokio::test]
async fn images_and_networks_are_refused_by_name() {
    let mut bench = misbehave(&["files"]);
    bench.job.limits.network = crate::Network::Bridge;
    assert!(matches!(bench.run(&sandbox()).await, Err(Error::BadJob { .. })));
    let image = Bench::new(App::Image { reference: "alpine".into() }, &[]);
    assert!(matches!(image.run(&sandbox()).await, Err(Error::BadJob { .. })));
}

/// Recorded with wasmtime 48. The picture must never change by itself; fuel may, with a new engine version, and then
/// all workers of a market change together.
#[tokio::test]
async fn a_frame_and_its_fuel_are_the_recorded_ones() {
    let bench = Bench::new(app(&dapp("raytracer")), &[]);
    let exit = run(&bench).await;
    let frame = std::fs::read(bench.job.output.join("frame.png")).unwrap();
    assert_eq!(exit.stdout, "frame 1 of 1: 320x240, 4 rays a pixel\n");
    assert!(frame == std::fs::read(dapp("raytracer").with_file_name("expected.png")).unwrap(), "another picture");
    assert_eq!(exit.usage.fuel, Some(892_252_221));
}
