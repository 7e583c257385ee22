//! How a job is confined: the request that makes its container. Pure, so that a test reads every lock.

use std::collections::HashMap;
use std::path::Path;

use bollard::models::{ContainerCreateBody, HostConfig, HostConfigLogConfig, Mount, MountType, ResourcesUlimits};

use super::config::{Config, LABEL};
use crate::{Error, Job, Network};

/// Bytes of `/tmp`, at most; they also count as memory.
const LARGEST_TMP: u64 = 256 << 20;
/// Open files of one process.
const OPEN_FILES: i64 = 4_096;

/// `user` is used where the configuration names none.
///
/// # Errors
/// [`Error::BadJob`] when the name cannot be a container's, or a folder has no text for a name.
pub(super) fn container(config: &Config, job: &Job, image: &str, user: String) -> Result<ContainerCreateBody, Error> {
    check_name(job)?;
    Ok(ContainerCreateBody {
        image: Some(image.to_owned()),
        cmd: (!job.args.is_empty()).then(|| job.args.clone()), // without any: the image's own
        env: Some(job.env.iter().map(|(name, value)| format!("{name}={value}")).collect()),
        user: Some(config.user.clone().unwrap_or(user)),
        labels: Some(HashMap::from([(LABEL.to_owned(), config.pool.clone())])),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        host_config: Some(confinement(job)?),
        ..ContainerCreateBody::default()
    })
}

fn confinement(job: &Job) -> Result<HostConfig, Error> {
    let limits = &job.limits;
    let memory = signed(limits.memory);
    let tmp = (limits.memory / 2).min(LARGEST_TMP);
    Ok(HostConfig {
        memory: Some(memory),
        memory_swap: Some(memory), // memory and swap together: so no swap
        nano_cpus: Some((f64::from(limits.cpus) * 1e9) as i64),
        pids_limit: Some(i64::from(limits.pids)),
        // However fast one file grows, it passes the disk limit by one byte: enough for the watch to see it.
        ulimits: Some(vec![
            ulimit("fsize", signed(limits.disk.saturating_add(1))),
            ulimit("nofile", OPEN_FILES),
            ulimit("core", 0),
        ]),
        readonly_rootfs: Some(true),
        tmpfs: Some(HashMap::from([("/tmp".to_owned(), format!("rw,nosuid,nodev,size={tmp}"))])),
        mounts: Some(vec![mount(job, &job.input, "/iexec_in", true)?, mount(job, &job.output, "/iexec_out", false)?]),
        cap_drop: Some(vec!["ALL".into()]),
        security_opt: Some(vec!["no-new-privileges".into()]),
        network_mode: Some(match limits.network {
            Network::None => "none".into(),
            Network::Bridge => "bridge".into(),
        }),
        log_config: Some(HostConfigLogConfig { typ: Some("none".into()), config: None }), // we keep the end ourselves
        ..HostConfig::default()
    })
}

fn ulimit(name: &str, most: i64) -> ResourcesUlimits {
    ResourcesUlimits { name: Some(name.into()), soft: Some(most), hard: Some(most) }
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn mount(job: &Job, folder: &Path, target: &str, read_only: bool) -> Result<Mount, Error> {
    let whole = std::path::absolute(folder).map_err(Error::machine("find", folder))?;
    let Some(source) = whole.to_str() else {
        let problem = "the path of its folders is not UTF-8".to_owned();
        return Err(Error::BadJob { job: job.name.clone(), problem });
    };
    Ok(Mount {
        source: Some(source.to_owned()),
        target: Some(target.to_owned()),
        typ: Some(MountType::BIND),
        read_only: Some(read_only),
        ..Mount::default()
    })
}

/// What engines accept as a name.
fn check_name(job: &Job) -> Result<(), Error> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let starts_well = job.name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if starts_well && job.name.len() > 1 && job.name.len() <= 200 && job.name.chars().all(plain) {
        return Ok(());
    }
    let problem = "its name is not 2 to 200 letters, digits, `_`, `.` or `-`, starting with a letter or digit".into();
    Err(Error::BadJob { job: job.name.clone(), problem })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::App;
    use crate::testing::Bench;

    fn made(change: impl FnOnce(&mut Job)) -> Result<ContainerCreateBody, Error> {
        let mut bench = Bench::new(App::Image { reference: "x".into() }, &[]);
        change(&mut bench.job);
        container(&Config::new("pool"), &bench.job, "x", "1000:1000".into())
    }

    #[test]
    fn every_lock_is_on() {
        let body = made(|_| {}).unwrap();
        let host = body.host_config.unwrap();
        assert_eq!((host.memory, host.memory_swap), (Some(64 << 20), Some(64 << 20)));
        assert_eq!((host.nano_cpus, host.pids_limit), (Some(1_000_000_000), Some(128)));
        assert_eq!((host.readonly_rootfs, host.privileged), (Some(true), None));
        assert_eq!(host.cap_drop.unwrap(), ["ALL"]);
        assert_eq!(host.security_opt.unwrap(), ["no-new-privileges"]);
        assert_eq!(host.network_mode.unwrap(), "none");
        assert_eq!(host.log_config.unwrap().typ.unwrap(), "none");
        let mounts: Vec<_> =
            host.mounts.unwrap().into_iter().map(|m| (m.target.unwrap(), m.read_only.unwrap())).collect();
        assert_eq!(mounts, [("/iexec_in".into(), true), ("/iexec_out".into(), false)]);
        assert_eq!((body.user.unwrap().as_str(), &body.labels.unwrap()[LABEL]), ("1000:1000", &"pool".to_owned()));
    }

    #[test]
    fn without_arguments_the_image_decides_and_its_entrypoint_is_always_kept() {
        assert_eq!(made(|_| {}).unwrap().cmd, None);
        let body = made(|job| job.args = vec!["a b".into()]).unwrap();
        assert_eq!((body.cmd.unwrap(), body.entrypoint), (vec!["a b".to_owned()], None));
    }

    #[test]
    fn a_name_that_no_engine_takes_is_refused() {
        for name in ["", "x", "-x", "a/b", "a b", "a\u{e9}"] {
            assert!(matches!(made(|job| job.name = name.into()), Err(Error::BadJob { .. })), "{name}");
        }
        assert!(made(|job| job.name = "worker_1-0xab".into()).is_ok());
    }
}
