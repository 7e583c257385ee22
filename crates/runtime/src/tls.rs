//! TLS: the process-wide cryptography provider of `rustls`.

/// Selects `ring`. Call once at process start, before the first HTTPS client is built; later calls change nothing.
///
/// `aws-lc-rs`, the default of `rustls`, would add four minutes to a build on two cores.
pub fn install() {
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
}
