//! A Docker engine for the container tests: the machine's own when it answers, else one that is started here, with its
//! data in a folder of its own, and stopped and removed afterwards.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::provide::program;

/// The usual socket of a machine's own engine.
const USUAL_SOCKET: &str = "/var/run/docker.sock";
/// How often and how many times a starting or stopping engine is looked at: a minute in all.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const LOOKS: u32 = 600;

/// An engine that answers. Dropping it stops it, if it was started here.
pub(super) struct Engine {
    socket: PathBuf,
    own: Option<Own>,
}

struct Own {
    daemon: Child,
    folder: PathBuf,
}

impl Engine {
    /// The machine's own engine, if it answers.
    pub(super) fn running() -> Option<Self> {
        answers(Path::new(USUAL_SOCKET)).then(|| Self { socket: USUAL_SOCKET.into(), own: None })
    }

    /// Starts an engine without any network of its own; needs root.
    ///
    /// # Errors
    /// When it does not answer within a minute: with the last lines of its log.
    pub(super) fn start() -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("fairgrid-engine-{}", std::process::id()));
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let log = File::create(folder.join("log"))?;
        let socket = folder.join("engine.sock");
        let daemon = Command::new(program("dockerd").context("dockerd is not installed")?)
            .arg("--storage-driver=vfs")
            .arg("--data-root")
            .arg(folder.join("data"))
            .arg("--exec-root")
            .arg(folder.join("exec"))
            .arg("--host")
            .arg(format!("unix://{}", socket.display()))
            .arg("-p")
            .arg(folder.join("pid"))
            .args(["--iptables=false", "--bridge=none"])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot start dockerd")?;
        let mut engine = Self { socket, own: Some(Own { daemon, folder }) };
        engine.wait()?;
        Ok(engine)
    }

    /// Where it listens.
    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    fn wait(&mut self) -> Result<()> {
        for _ in 0..LOOKS {
            if answers(&self.socket) {
                return Ok(());
            }
            let Some(own) = &mut self.own else { break };
            if own.daemon.try_wait()?.is_some() {
                break;
            }
            sleep(LOOK_EVERY);
        }
        let log = self.own.as_ref().and_then(|own| std::fs::read_to_string(own.folder.join("log")).ok());
        let log = log.unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        bail!("dockerd does not answer: {}", lines[lines.len().saturating_sub(5)..].join("\n"))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let Some(own) = &mut self.own else { return };
        // Asked politely, it stops its containers and unmounts what it mounted.
        let asked = Command::new("kill").arg(own.daemon.id().to_string()).status();
        let ended = asked.is_ok()
            && (0..LOOKS).any(|_| match own.daemon.try_wait() {
                Ok(None) => {
                    sleep(LOOK_EVERY);
                    false
                }
                Ok(Some(_)) | Err(_) => true,
            });
        if !ended {
            // Nothing more can be done for it; the folder tells a person what is left.
            let _it_may_have_ended_just_now = own.daemon.kill();
            let _reaped = own.daemon.wait();
        }
        if let Err(error) = std::fs::remove_dir_all(&own.folder) {
            println!("{} could not be removed: {error}", own.folder.display());
        }
    }
}

/// Whether an engine answers a ping on `socket`.
fn answers(socket: &Path) -> bool {
    let ping = || -> std::io::Result<String> {
        let mut stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET /_ping HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.take(4096).read_to_string(&mut answer)?;
        Ok(answer)
    };
    ping().is_ok_and(|answer| answer.lines().next().is_some_and(|status| status.contains(" 200 ")))
}
