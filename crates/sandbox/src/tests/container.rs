//! The container sandbox. Needs an engine: set `FAIRGRID_TEST_DOCKER=1`, and `FAIRGRID_TEST_DOCKER_SOCKET` when its
//! socket is not the usual one. The image is made from this machine's static busybox; no registry is asked.

use std::path::Path;
use std::process::Command;
use std::sync::Once;
use std::time::Duration;

use runtime::SystemClock;

use crate::testing::{Behaviour, Bench, suite};
use crate::{App, Container, ContainerConfig, Error, Outcome};

const IMAGE: &str = "fairgrid-test:busybox";

fn socket() -> String {
    std::env::var("FAIRGRID_TEST_DOCKER_SOCKET").unwrap_or_else(|_| "/var/run/docker.sock".into())
}

fn config() -> ContainerConfig {
    ContainerConfig { socket: socket(), ..ContainerConfig::new("fairgrid-tests") }
}

/// The sandbox under test, or `None`, said aloud, where there is no engine.
fn sandbox() -> Option<Container> {
    if std::env::var_os("FAIRGRID_TEST_DOCKER").is_none() {
        eprintln!("skipped: container tests need FAIRGRID_TEST_DOCKER=1 and a Docker engine");
        return None;
    }
    static IMPORTED: Once = Once::new();
    IMPORTED.call_once(import);
    Some(Container::new(config(), SystemClock::shared()))
}

fn import() {
    let tree = tempfile::tempdir().unwrap();
    let bin = tree.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let busybox = ["/bin/busybox", "/usr/bin/busybox"].into_iter().find(|path| Path::new(path).exists());
    std::fs::copy(busybox.expect("Debian's package busybox-static"), bin.join("busybox")).unwrap();
    for name in ["sh", "ln", "id", "seq", "sleep", "touch", "ls"] {
        std::os::unix::fs::symlink("busybox", bin.join(name)).unwrap();
    }
    let script = format!("tar -C '{}' -c . | docker -H 'unix://{}' import - {IMAGE}", tree.path().display(), socket());
    assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
}

fn shell(script: &str) -> (App, Vec<String>) {
    (App::Image { reference: IMAGE.into() }, vec!["/bin/sh".into(), "-c".into(), script.into()])
}

fn bench(script: &str) -> Bench {
    let (app, args) = shell(script);
    let mut bench = Bench::new(app, &[]);
    bench.job.args = args;
    bench
}

#[tokio::test]
async fn the_container_sandbox_keeps_the_contract() {
    let Some(sandbox) = sandbox() else { return };
    suite(&sandbox, |behaviour| {
        shell(match behaviour {
            Behaviour::WriteResult => "echo hello > /iexec_out/result.txt; echo said",
            Behaviour::ExitWith7 => "echo leaving on purpose >&2; exit 7",
            Behaviour::Loop => "while :; do :; done",
            Behaviour::EatMemory => "x=aaaaaaaa; while :; do x=$x$x; done",
            Behaviour::WriteMuch => {
                "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done > /iexec_out/much"
            }
            Behaviour::ManyFiles => "i=0; while :; do : > /iexec_out/f$i; i=$((i+1)); done",
            Behaviour::Chatter => "i=0; while [ $i -lt 200000 ]; do echo line $i; i=$((i+1)); done",
            Behaviour::Escape => "echo x > /iexec_in/new; echo x > /iexec_out/../escaped; ln -s /etc /iexec_out/link",
        })
    })
    .await;
}

#[tokio::test]
async fn a_container_has_no_network_no_root_file_system_and_no_capabilities() {
    let Some(sandbox) = sandbox() else { return };
    let bench = bench(
        "touch /x; ls /sys/class/net; while read l; do case $l in Cap*|NoNewPrivs*) echo $l;; esac; done < /proc/self/status",
    );
    let exit = bench.run(&sandbox).await.unwrap();
    assert!(exit.stderr.contains("Read-only file system"), "{exit:?}");
    assert!(exit.stdout.starts_with("lo\n"), "only loopback: {exit:?}");
    for line in ["CapEff: 0000000000000000", "CapBnd: 0000000000000000", "NoNewPrivs: 1"] {
        assert!(exit.stdout.contains(line), "{line}: {exit:?}");
    }
}

#[tokio::test]
async fn links_left_in_the_output_are_removed() {
    let Some(sandbox) = sandbox() else { return };
    let bench = bench("ln -s /etc/passwd /iexec_out/link; echo ok > /iexec_out/file");
    bench.run(&sandbox).await.unwrap();
    assert_eq!(bench.outputs(), [("file".into(), 3)]);
}

#[tokio::test]
async fn processes_without_end_stay_within_their_limit() {
    let Some(sandbox) = sandbox() else { return };
    let mut bench = bench("i=0; while [ $i -lt 40 ]; do sleep 60 & i=$((i+1)); done; exit 0");
    bench.job.limits.pids = 16;
    let exit = bench.run(&sandbox).await.unwrap();
    assert!(exit.stderr.contains("can't fork"), "{exit:?}");
}

#[tokio::test]
async fn leftovers_of_a_killed_worker_are_swept_and_those_of_others_stay() {
    let Some(sandbox) = sandbox() else { return };
    let bench = bench("sleep 600");
    {
        let run = bench.run(&sandbox);
        let started = async {
            loop {
                tokio::time::sleep(Duration::from_millis(100)).await;
                if docker(&["ps", "--format", "{{.Names}}"]).contains(&bench.job.name) {
                    return;
                }
            }
        };
        tokio::select! { // the future is dropped while the app runs
            exit = run => panic!("{exit:?}"),
            () = started => {}
        }
    }
    let other = Container::new(ContainerConfig { pool: "another-pool".into(), ..config() }, SystemClock::shared());
    assert_eq!(other.sweep_leftovers(&bench.job.name).await.unwrap(), 0);
    assert_eq!(sandbox.sweep_leftovers(&bench.job.name).await.unwrap(), 1);
    assert!(!docker(&["ps", "-a", "--format", "{{.Names}}"]).contains(&bench.job.name));
}

fn docker(args: &[&str]) -> String {
    let out = Command::new("docker").args(["-H", &format!("unix://{}", socket())]).args(args).output().unwrap();
    String::from_utf8_lossy(&out.stdout).into_owned()
}

#[tokio::test]
async fn a_command_that_is_not_in_the_image_is_the_apps_fault() {
    let Some(sandbox) = sandbox() else { return };
    let mut bench = bench("");
    bench.job.args = vec!["/bin/nothing-here".into()];
    let error = bench.run(&sandbox).await.unwrap_err();
    assert!(error.is_the_apps_fault() && error.to_string().contains("could not be started"), "{error}");
    assert!(!docker(&["ps", "-a", "--format", "{{.Names}}"]).contains(&bench.job.name));
}

#[tokio::test]
async fn an_image_that_cannot_be_fetched_is_named() {
    let Some(sandbox) = sandbox() else { return };
    let mut bench = bench("");
    bench.job.app = App::Image { reference: "127.0.0.1:9/no/image:1".into() };
    let error = bench.run(&sandbox).await.unwrap_err();
    assert!(
        matches!(error, Error::PullFailed { .. }) && error.to_string().contains("127.0.0.1:9/no/image:1"),
        "{error}"
    );
}

#[tokio::test]
async fn without_an_engine_its_socket_is_named() {
    let config = ContainerConfig { socket: "/nonexistent/engine.sock".into(), ..ContainerConfig::new("p") };
    let error = bench("").run(&Container::new(config, SystemClock::shared())).await.unwrap_err();
    assert!(
        matches!(error, Error::NoEngine { .. }) && error.to_string().contains("/nonexistent/engine.sock"),
        "{error}"
    );
}

#[tokio::test]
async fn modules_are_refused() {
    let mut bench = bench("");
    bench.job.app = App::Wasm { path: "x".into(), digest: [0; 32] };
    let error = bench.run(&Container::new(config(), SystemClock::shared())).await.unwrap_err();
    assert!(matches!(error, Error::BadJob { .. }), "{error}");
}

#[tokio::test]
async fn an_engine_that_answers_tells_its_version() {
    let Some(sandbox) = sandbox() else { return };
    assert_ne!(sandbox.check().await.unwrap(), "");
    assert_eq!(bench("exit 3").run(&sandbox).await.unwrap().outcome, Outcome::Exited { code: 3 });
}
