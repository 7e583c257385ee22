//! Is the image there? If not, fetch it, in bounded time.

use bollard::Docker;
use bollard::errors::Error as EngineError;
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::TryStreamExt as _;
use runtime::Clock;

use super::config::Config;
use crate::Error;

const NOT_FOUND: u16 = 404;

/// Sees to it that the engine has `image`.
///
/// # Errors
/// [`Error::ImageNotFound`] when no registry has it, [`Error::PullFailed`] when it could not be fetched.
pub(super) async fn ensure(engine: &Docker, config: &Config, clock: &dyn Clock, image: &str) -> Result<(), Error> {
    match engine.inspect_image(image).await {
        Ok(_) => return Ok(()),
        Err(EngineError::DockerResponseServerError { status_code: NOT_FOUND, .. }) => {}
        Err(cause) => return Err(Error::Engine { action: "look for an image", cause }),
    }
    tracing::info!(image, "pulling image");
    let options = CreateImageOptionsBuilder::default().from_image(&tagged(image)).build();
    let pull = engine.create_image(Some(options), None, None).try_for_each(|_| async { Ok(()) });
    tokio::select! {
        pulled = pull => pulled.map_err(|cause| refusal(image, &cause)),
        () = clock.sleep(config.pull_timeout) => {
            let reason = format!("not done within {} s", config.pull_timeout.as_secs());
            Err(Error::PullFailed { image: image.to_owned(), reason })
        }
    }
}

fn refusal(image: &str, cause: &EngineError) -> Error {
    let image = image.to_owned();
    let reason = cause.to_string();
    let lower = reason.to_lowercase();
    let unknown = ["not found", "manifest unknown", "does not exist", "invalid reference"];
    // Engines wrap "the network said no such host" in words like "not found" too: only the registry's own count.
    let network = ["dial tcp", "lookup", "no such host", "timeout", "connection refused"];
    if unknown.iter().any(|words| lower.contains(words)) && !network.iter().any(|words| lower.contains(words)) {
        return Error::ImageNotFound { image };
    }
    Error::PullFailed { image, reason }
}

/// Without a tag or digest the engine would fetch every tag there is.
fn tagged(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    if last.contains(':') || last.contains('@') { image.to_owned() } else { format!("{image}:latest") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_without_a_tag_is_the_latest_one() {
        for (image, whole) in [
            ("alpine", "alpine:latest"),
            ("host:5000/a/b", "host:5000/a/b:latest"),
            ("host:5000/a/b:1", "host:5000/a/b:1"),
            ("a@sha256:00", "a@sha256:00"),
        ] {
            assert_eq!(tagged(image), whole);
        }
    }

    #[test]
    fn a_registry_that_says_no_is_not_a_network_that_fails() {
        let says = |message: &str| {
            refusal("x", &EngineError::DockerResponseServerError { status_code: 404, message: message.into() })
        };
        assert!(matches!(says("manifest for x:latest not found: manifest unknown"), Error::ImageNotFound { .. }));
        assert!(matches!(says("pull access denied for x, repository does not exist"), Error::ImageNotFound { .. }));
        let offline = says("Get \"https://registry/v2/\": dial tcp: lookup registry: no such host (not found)");
        assert!(matches!(offline, Error::PullFailed { .. }));
    }
}
