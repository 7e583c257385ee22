//! The scripted sandbox plays what it is told.

use crate::testing::Bench;
use crate::{Act, App, Error, Outcome, Sandbox as _, Scripted};

fn app() -> App {
    App::Image { reference: "any".into() }
}

#[tokio::test]
async fn a_script_writes_its_files_and_ends_as_told() {
    let sandbox = Scripted::new(|job| Ok(Act::result(job.args.join("+"))));
    let bench = Bench::new(app(), &["a", "b"]);
    let exit = bench.run(&sandbox).await.unwrap();
    assert_eq!(exit.outcome, Outcome::Exited { code: 0 });
    assert_eq!(bench.result("result.txt").unwrap(), "a+b");
    assert!(bench.result("computed.json").unwrap().contains("/iexec_out/result.txt"));
    assert_eq!(sandbox.played().len(), 1);
}

#[tokio::test]
async fn a_script_can_refuse_and_a_stopped_one_plays_nothing() {
    let sandbox = Scripted::new(|job| Err(Error::BadJob { job: job.name.clone(), problem: "on purpose".into() }));
    let bench = Bench::new(app(), &[]);
    assert!(bench.run(&sandbox).await.is_err());
    let stopper = runtime::Stopper::new();
    stopper.request();
    assert_eq!(sandbox.run(&bench.job, stopper.stop()).await.unwrap().outcome, Outcome::Stopped);
    assert_eq!(sandbox.played().len(), 1);
}
