//! One run: what the app is given, and what its failures become.

use std::time::Duration;

use alloy_primitives::{Address, Bytes, U256};
use protocol::ResultDigest;
use runtime::{Stop, Stopper};
use sandbox::{Act, App, Job, Limit, Outcome, Scripted};
use sha2::{Digest as _, Sha256};

use super::stage::{MODULE, Stage};
use crate::compute::{Computed, Order, Workshop};
use crate::fetch::{Failure, Fetcher, Location};
use crate::replicate::Replicate;
use crate::trouble::Trouble;
use crate::{Cause, Config, inputs};

/// Computes the stage's task with `sandbox` in the folder of `config`.
async fn compute(stage: &Stage, sandbox: Scripted, config: Config) -> Result<Computed, Trouble> {
    let parts = stage.parts(sandbox, &Stopper::new(), config.clone()).await;
    parts.make_folders().unwrap();
    let fetcher = Fetcher::new(&stage.info().gateways, config.private_networks).unwrap().impatient();
    let workshop = Workshop { config, sandboxes: parts.sandboxes, fetcher };
    let (deal, app) = {
        let chain = stage.chain.lock().unwrap();
        (chain.deal.clone(), chain.app.clone())
    };
    let id = stage.chain.lock().unwrap().tasks[&stage.task].deal;
    let replicate = Replicate::assigned(stage.task, id, U256::from(3), Bytes::new(), 1);
    workshop.compute(&replicate, &Order { deal, app, dataset: None, unit: 100 }, Stop::never()).await
}

fn ends_with(outcome: Outcome) -> Scripted {
    Scripted::new(move |job: &Job| {
        std::fs::write(job.output.join("rest.bin"), job.output.display().to_string()).unwrap();
        Ok(Act { stdout: job.output.display().to_string(), ..Act::nothing(outcome.clone()) })
    })
}

#[tokio::test]
async fn the_app_gets_its_arguments_environment_files_and_limits() {
    let stage = Stage::new().await;
    let url = stage.url("in.txt");
    let params = format!(r#"{{"iexec_args":"run 'two words'","iexec_input_files":["{url}"]}}"#);
    stage.chain.lock().unwrap().deal.params = params;
    let sandbox = Scripted::new(|job: &Job| {
        let input = std::fs::read_dir(&job.input).unwrap().next().unwrap().unwrap().path();
        Ok(Act::result(std::fs::read(input).unwrap()))
    });
    let computed = compute(&stage, sandbox.clone(), stage.config()).await.unwrap();
    assert_eq!((computed.exit_code, computed.error), (0, None));
    let job = &sandbox.played()[0];
    assert_eq!(job.args, ["run", "two words"]);
    let name = crate::inputs::file_name(&url);
    let (task, deal) = (stage.task.to_string(), format!("0x{}", "11".repeat(32)));
    let zero = "0x0000000000000000000000000000000000000000";
    let expected = [
        ("IEXEC_TASK_ID", task.as_str()),
        ("IEXEC_DEAL_ID", &deal),
        ("IEXEC_TASK_INDEX", "3"),
        ("IEXEC_IN", "/iexec_in"),
        ("IEXEC_OUT", "/iexec_out"),
        ("IEXEC_BOT_SIZE", "4"),
        ("IEXEC_BOT_FIRST_INDEX", "2"),
        ("IEXEC_BOT_TASK_INDEX", "3"),
        ("IEXEC_DATASET_ADDRESS", zero),
        ("IEXEC_DATASET_FILENAME", zero),
        ("IEXEC_INPUT_FILES_NUMBER", "1"),
        ("IEXEC_INPUT_FILES_FOLDER", "/iexec_in"),
        ("IEXEC_INPUT_FILE_NAME_1", &name),
    ];
    assert_eq!(job.env, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    assert_eq!(std::fs::read_to_string(job.input.join(&name)).unwrap(), "an input");
    assert_eq!((job.seed, job.limits.wall.as_secs()), (stage.task.0.0, 100));
    assert_eq!(job.limits.fuel, 100 * stage.config().limits.fuel_per_second);
    assert!(matches!(&job.app, App::Wasm { path, .. } if std::fs::read(path).unwrap() == MODULE));
}

#[tokio::test]
async fn w4_error_results_are_equal_on_workers_with_different_folders() {
    let stage = Stage::new().await;
    let missing = format!(r#"{{"iexec_input_files":["{}"]}}"#, stage.url("missing"));
    let far = format!(r#"{{"iexec_args":"{}","iexec_input_files":["/etc/passwd"]}}"#, "x");
    let spoil: [(&str, Outcome, Cause); 8] = [
        ("", Outcome::Exited { code: 3 }, Cause::AppComputeFailed),
        ("", Outcome::Exited { code: 0 }, Cause::PostComputeComputedFileNotFound),
        ("", Outcome::Trapped("unreachable".to_owned()), Cause::AppComputeFailed),
        ("", Outcome::LimitHit(Limit::Fuel), Cause::AppComputeFailed),
        ("", Outcome::LimitHit(Limit::Memory), Cause::AppComputeFailed),
        (&missing, Outcome::Exited { code: 0 }, Cause::InputFilesDownloadFailed),
        (&far, Outcome::Exited { code: 0 }, Cause::InputFilesDownloadFailed),
        ("an 'open quote", Outcome::Exited { code: 0 }, Cause::TaskDescriptionInvalid),
    ];
    for (params, outcome, cause) in spoil {
        params.clone_into(&mut stage.chain.lock().unwrap().deal.params);
        let (first, text) = error_result(&stage, "one", ends_with(outcome.clone()), cause).await;
        let (second, same) = error_result(&stage, "another/place", ends_with(outcome), cause).await;
        assert_eq!((first, &text), (second, &same));
        assert!(text.starts_with(&format!("[IEXEC] Errors occurred\n{cause}: ")), "{text}");
        assert!(!text.contains(&*stage.folder.path().to_string_lossy()), "{text}");
    }
}

async fn error_result(stage: &Stage, folder: &str, sandbox: Scripted, cause: Cause) -> (ResultDigest, String) {
    let config = Config { folder: stage.folder.path().join(folder), ..stage.config() };
    let computed = compute(stage, sandbox, config.clone()).await.unwrap();
    assert_eq!(computed.error, Some(cause));
    let output = config.folder.join(stage.task.to_string()).join("output/iexec_out");
    assert!(!output.join("rest.bin").exists(), "what a failed app left is no result");
    let declared = std::fs::read_to_string(output.join("computed.json")).unwrap();
    assert!(declared.contains("error-message") && declared.contains("/iexec_out/error.txt"), "{declared}");
    (computed.digest, std::fs::read_to_string(output.join("error.txt")).unwrap())
}

#[tokio::test]
async fn apps_that_are_missing_changed_or_unusable_are_everyones_error() {
    let stage = Stage::new().await;
    let good = stage.chain.lock().unwrap().app.clone();
    let (missing, checksum) = (stage.url("missing.wasm"), protocol::B256::repeat_byte(1));
    for (app, cause) in [
        (chain::AppInfo { multiaddr: missing.into_bytes().into(), ..good.clone() }, Cause::AppImageDownloadFailed),
        (chain::AppInfo { checksum, ..good.clone() }, Cause::AppImageDownloadFailed),
        (chain::AppInfo { multiaddr: Bytes::new(), ..good.clone() }, Cause::AppImageDownloadFailed),
        (chain::AppInfo { kind: "EXE".to_owned(), ..good.clone() }, Cause::TaskDescriptionInvalid),
    ] {
        stage.chain.lock().unwrap().app = app;
        let unused = ends_with(Outcome::Exited { code: 0 });
        error_result(&stage, "bad", unused.clone(), cause).await;
        assert!(unused.played().is_empty());
    }
    stage.chain.lock().unwrap().app = good;
    let bad = Scripted::new(|_| Err(sandbox::Error::BadApp { problem: "no module".into(), next: "compile it again" }));
    let (_, text) = error_result(&stage, "bad", bad, Cause::AppComputeFailed).await;
    assert_eq!(text, "[IEXEC] Errors occurred\nAPP_COMPUTE_FAILED: no module\nNext: compile it again\n");
}

#[tokio::test]
async fn what_only_this_machine_met_is_reported_and_not_contributed() {
    let stage = Stage::new().await;
    let wall = ends_with(Outcome::LimitHit(Limit::Wall));
    let Err(Trouble::Mine { cause, .. }) = compute(&stage, wall, stage.config()).await else { panic!() };
    assert_eq!(cause, Cause::AppComputeTimeout);
    let full = Scripted::new(|_| {
        let cause = std::io::ErrorKind::StorageFull.into();
        Err(sandbox::Error::Machine { action: "write", path: "/somewhere".into(), cause })
    });
    let Err(Trouble::Mine { message, .. }) = compute(&stage, full, stage.config()).await else { panic!() };
    assert!(message.contains("disk is full"), "{message}");
    let nobody = r#"{"iexec_input_files":["http://127.0.0.1:1/x"]}"#;
    nobody.clone_into(&mut stage.chain.lock().unwrap().deal.params);
    let unused = ends_with(Outcome::Exited { code: 0 });
    let Err(Trouble::Mine { cause, .. }) = compute(&stage, unused.clone(), stage.config()).await else { panic!() };
    assert_eq!(cause, Cause::InputFilesDownloadFailed);
    let careful = Config { private_networks: false, folder: stage.folder.path().join("careful"), ..stage.config() };
    let Err(Trouble::Mine { message, .. }) = compute(&stage, unused, careful).await else { panic!() };
    assert!(message.contains("private address"), "{message}");
}

#[tokio::test]
async fn a_failing_app_that_declares_a_result_is_contributed() {
    let stage = Stage::new().await;
    let failing = Scripted::new(|_| Ok(Act { outcome: Outcome::Exited { code: 7 }, ..Act::result("partial") }));
    let computed = compute(&stage, failing, stage.config()).await.unwrap();
    assert_eq!((computed.exit_code, computed.error), (7, None));
}

#[tokio::test]
async fn a_callback_deal_is_about_its_data_and_has_no_error_results() {
    let stage = Stage::new().await;
    stage.chain.lock().unwrap().deal.callback = Address::repeat_byte(3);
    let data = format!(r#"{{"callback-data":"0x{:064x}"}}"#, 42);
    let calls_back = Scripted::new(move |_| {
        let files = [("computed.json".to_owned(), data.clone().into_bytes())];
        Ok(Act { files: files.into(), ..Act::nothing(Outcome::Exited { code: 0 }) })
    });
    let computed = compute(&stage, calls_back, stage.config()).await.unwrap();
    let recorded = "0xbeced09521047d05b8960b7e7bcc1d1292cf3e4b2a6b63f48335cbde5f7545d2";
    assert_eq!(computed.digest.to_string(), recorded);
    let fails = ends_with(Outcome::Exited { code: 1 });
    let Err(Trouble::Mine { cause, .. }) = compute(&stage, fails, stage.config()).await else { panic!() };
    assert_eq!(cause, Cause::PostComputeFailedUnknownIssue);
}

#[tokio::test]
async fn a_dataset_is_saved_as_it_is_under_its_address_and_must_have_its_checksum() {
    let stage = Stage::new().await;
    let fetcher = Fetcher::new(&stage.info().gateways, true).unwrap();
    let folder = stage.folder.path();
    let dataset = "0x748e091bf16048cb5103E0E10F9D5a8b7fBDd860".parse().unwrap();
    let checksum = protocol::B256::new(Sha256::digest("an input").into());
    let multiaddr = stage.url("in.txt").into_bytes().into();
    let info = chain::DatasetInfo { multiaddr, checksum, ..chain::DatasetInfo::default() };
    let fetch = async |info: &chain::DatasetInfo| {
        inputs::fetch_dataset(dataset, info, &fetcher, folder, Duration::from_secs(30)).await
    };
    fetch(&info).await.unwrap();
    let saved = folder.join("0x748e091bf16048cb5103e0e10f9d5a8b7fbdd860");
    assert_eq!(std::fs::read_to_string(saved).unwrap(), "an input");
    let sold = chain::DatasetInfo { checksum: protocol::B256::repeat_byte(1), ..info.clone() };
    let Err(Trouble::Everyones(complaint)) = fetch(&sold).await else { panic!() };
    assert_eq!(complaint.cause, Cause::DatasetFileBadChecksum);
    let multiaddr = stage.url("missing").into_bytes().into();
    let Err(Trouble::Everyones(complaint)) = fetch(&chain::DatasetInfo { multiaddr, ..info }).await else { panic!() };
    assert_eq!(complaint.cause, Cause::DatasetFileDownloadFailed);
}

#[tokio::test]
async fn content_addresses_are_fetched_from_gateways_and_checked() {
    let stage = Stage::new().await;
    let cid = storage::unixfs::address_of(storage::Format::V0, b"an input").unwrap().cid;
    let wrong = storage::unixfs::address_of(storage::Format::V0, b"something else").unwrap().cid;
    let fetcher = Fetcher::new(&stage.info().gateways, false).unwrap();
    let into = stage.folder.path().join("file");
    let fetch = async |cid: &str| {
        let location = Location::parse(format!("/ipfs/{cid}").as_bytes()).unwrap();
        fetcher.fetch(&location, &into, 1_000, Duration::from_secs(30)).await
    };
    stage.pool.lock().unwrap().contents.push(cid.to_string());
    stage.pool.lock().unwrap().contents.push(wrong.to_string());
    fetch(&cid.to_string()).await.unwrap();
    assert_eq!(std::fs::read_to_string(&into).unwrap(), "an input");
    assert!(matches!(fetch(&wrong.to_string()).await, Err(Failure::Unavailable { passing: false, .. })));
    let nowhere = storage::unixfs::address_of(storage::Format::V0, b"nowhere").unwrap().cid;
    assert!(matches!(fetch(&nowhere.to_string()).await, Err(Failure::Missing)));
    assert!(!into.exists());
}
