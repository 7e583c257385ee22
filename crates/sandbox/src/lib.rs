//! Sandbox: runs one untrusted app under limits.
//!
//! Owns: how an app is confined; what it may use; what it sees (`/iexec_in`, `/iexec_out`, its arguments and
//! environment, nothing else); telling which limit it hit.
//! Never: knows tasks, deals or money; decides what a result is worth; lets an app see this process's environment.
//!
//! Invariants (tests carry these names)
//! - X1 `run` returns only once nothing of the app is left, also when stopped
//! - X2 who hits a limit is ended, and the limit is named; wasm never passes one, containers see [`Container`]
//! - X3 nothing outside the job's folders changes
//! - X4 wasm: same module, arguments, environment, input and seed give the same output, exit and fuel, everywhere
//!
//! Start at [`Sandbox`] and [`Job`]; then [`Wasm`] or [`Container`].

mod container; // OCI images by a Docker engine
mod error; // what keeps a job from running at all
mod folders; // what must hold of a job's folders
mod job; // the seam: Job, Limits, Exit, Sandbox
mod scripted; // plays what a test wrote
mod tail; // the end of a stream of text, in bounded memory
pub mod testing; // the contract, as tests that every implementation passes
#[cfg(test)]
mod tests; // dapps under the sandboxes
mod wasm; // WebAssembly, deterministic and metered

pub use container::{Config as ContainerConfig, Container};
pub use error::Error;
pub use job::{App, Exit, Job, KEPT_OUTPUT_CHARS, Limit, Limits, Network, Outcome, Sandbox, Usage};
pub use scripted::{Act, Scripted};
pub use wasm::{Config as WasmConfig, Wasm};
